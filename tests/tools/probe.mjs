// wire_probe as an object: a node that logs in and then does as a test tells it.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { run, until } from './process.mjs';

export class Probe {
  /** The line of the coordinator's list of workers that lets this probe in. */
  static permitLine(program, keyfile, name) {
    const keys = JSON.parse(run(program, ['keys', keyfile, name]));
    return `${keys.curve} ${keys.identity} ${name}`;
  }

  constructor(program, join, keyfile, name, slots = 1) {
    this.messages = [];
    this.process = spawn(program, [join, keyfile, name, String(slots)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.exited = new Promise((resolve) => this.process.on('exit', resolve));
    createInterface({ input: this.process.stdout }).on('line', (line) => this.messages.push(JSON.parse(line)));
  }

  send(message) { this.process.stdin.write(`${JSON.stringify(message)}\n`); }

  /** The next message of that kind that meets the condition, taken from what came; waits for it. */
  next(kind, condition = () => true, timeoutMs = 30000) {
    return until(`a message ${kind}`, () => {
      const i = this.messages.findIndex((m) => m.kind === kind && condition(m));
      return i >= 0 && this.messages.splice(i, 1)[0];
    }, timeoutMs);
  }

  async close() {
    this.process.stdin.end();
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 3000);
    await this.exited;
    clearTimeout(timer);
  }
}
