// Child processes of tests and the demo: started with a log file, awaited, ended by their own ids and no others.
import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export { sleep };

/** Runs a program to its end; its standard output. Throws with what it said on standard error. */
export function run(file, args, options = {}) {
  const r = spawnSync(file, args, { encoding: 'utf8', maxBuffer: 1 << 26, ...options });
  if (r.error) throw new Error(`${file}: ${r.error.message}`);
  if (r.status !== 0) {
    throw new Error(`${file} ${args.join(' ')}\nended with ${r.status ?? r.signal}:\n${r.stderr}${r.stdout}`);
  }
  return r.stdout;
}

/** A port that was free a moment ago, on loopback. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Polls until `probe` returns something true; its value. Throws after `timeoutMs` with the last reason. */
export async function until(what, probe, timeoutMs = 30000, everyMs = 50) {
  const end = Date.now() + timeoutMs;
  let last = '';
  for (;;) {
    try {
      const value = await probe();
      if (value) return value;
    } catch (error) {
      last = `: ${error.message}`;
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms${last}`);
    await sleep(everyMs);
  }
}

/** A long-running child whose output goes to a log file. */
export class Child {
  constructor(name, file, args, logPath, options = {}) {
    this.name = name;
    this.log = logPath;
    const log = createWriteStream(logPath, { flags: 'a' });
    this.process = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    this.process.stdout.pipe(log);
    this.process.stderr.pipe(log);
    this.exited = new Promise((resolve) => {
      this.process.on('error', (error) => resolve({ error }));
      this.process.on('exit', (code, signal) => resolve({ code, signal }));
    });
    this.exited.then((how) => { this.ended = how; });
  }

  get pid() { return this.process.pid; }

  /** Throws if the child has ended; for probes that wait for it to be ready. */
  mustLive() {
    if (this.ended) {
      throw new Error(`${this.name} ended (${this.ended.error?.message ?? this.ended.code ?? this.ended.signal}); see ${this.log}`);
    }
  }

  /** Ends the child: SIGTERM, and SIGKILL where it does not heed that in time. */
  async stop(graceMs = 5000) {
    if (!this.ended) {
      this.process.kill('SIGTERM');
      const timer = setTimeout(() => this.process.kill('SIGKILL'), graceMs);
      await this.exited;
      clearTimeout(timer);
    }
    return this.ended ?? this.exited;
  }

  /** SIGKILL, at once. */
  async kill() {
    if (!this.ended) this.process.kill('SIGKILL');
    return this.exited;
  }
}
