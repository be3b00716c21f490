// ./mill demo: the whole road on this machine, shown while it happens.
//
//   node demo.mjs --build BUILD [--meters 3] [--tasks 6] [--keep]
//
// Everything lies below BUILD/demo; circuit, key and contracts are kept there for the next time. --keep leaves coordinator,
// workers and chain running until Ctrl-C.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { application } from './application.mjs';
import { sleep } from './process.mjs';
import { Stack } from './stack.mjs';

const { values: options } = parseArgs({
  options: {
    build: { type: 'string' },
    meters: { type: 'string', default: '3' },
    tasks: { type: 'string', default: '6' },
    keep: { type: 'boolean', default: false },
  },
});
const started = Date.now();
const seconds = () => ((Date.now() - started) / 1000).toFixed(1).padStart(5);
const say = (text) => console.log(`${seconds()} s  ${text}`);
const bin = join(options.build, 'bin');
const readingsPerTask = 16;

function bar(done, all) {
  const width = 24;
  const full = Math.round((done / all) * width);
  return `[${'#'.repeat(full)}${'.'.repeat(width - full)}] ${done}/${all}`;
}

/** The workers that are compiling a circuit, as their logs tell. */
function compiling(stack) {
  return [...stack.workers.keys()].filter((name) => {
    const said = stack.log(name);
    return said.lastIndexOf(': opening; ') > Math.max(said.lastIndexOf(': open after '), said.lastIndexOf(': not opened '));
  });
}

/** Shows one line per change, and what takes long, until every task is settled or failed. */
async function watch(stack, expected) {
  let before = '';
  let compilers = '';
  let told = false;
  const end = Date.now() + 600000;
  for (;;) {
    const tasks = await stack.tasks();
    const count = (state) => tasks.filter((t) => t.state === state).length;
    const now = `${bar(count('settled'), expected)} settled; packed ${count('packed')}, proving ${count('dispatched')}, `
      + `checking ${count('checking')}, proved ${count('proved')}, submitted ${count('submitted')}, failed ${count('failed')}`;
    if (now !== before) say(now);
    before = now;
    const at = compiling(stack).join(' and ');
    if (at && at === compilers && !told) {
      say(`${at} compile the circuit's witness program; only this first time, about a minute`);
      told = true;
    }
    compilers = at;
    if (count('settled') + count('failed') >= expected) return tasks;
    if (Date.now() > end) throw new Error(`not settled within ten minutes; see the logs in ${stack.dir}`);
    stack.coordinator.mustLive();
    await sleep(200);
  }
}

async function table(stack, tasks) {
  const rows = [['task', 'messages', 'prover', 'witness', 'proof', 'transaction', 'state on-chain']];
  for (const { id } of tasks.sort((a, b) => a.seq - b.seq)) {
    const t = await stack.api(`/v1/tasks/${id}`);
    const mined = t.transactions?.findLast((x) => x.state === 'settled' || x.state === 'mined');
    rows.push([`${id.slice(0, 10)}…`, String(t.n_messages), t.node_name ?? '-', `${t.witness_ms ?? '-'} ms`,
      `${t.prove_ms ?? '-'} ms`, mined ? `${mined.hash.slice(0, 10)}…` : '-', await stack.isSettled(id) ? 'settled' : t.state]);
  }
  const widths = rows[0].map((_, i) => Math.max(...rows.map((r) => r[i].length)));
  for (const [i, row] of rows.entries()) {
    console.log('  ' + row.map((cell, k) => cell.padEnd(widths[k])).join('  '));
    if (i === 0) console.log('  ' + widths.map((w) => '-'.repeat(w)).join('  '));
  }
}

async function main() {
  const meters = Number(options.meters);
  const tasks = Math.ceil(Number(options.tasks) / meters) * meters;
  const cache = join(options.build, 'demo');
  mkdirSync(cache, { recursive: true });
  const files = await application(cache, bin, say);
  const stack = new Stack({ files, cache, dir: mkdtempSync(join(cache, 'run-')), bin, progress: say });
  let interrupted = false;
  let good = false;
  const interrupt = async () => {
    if (interrupted) return;
    interrupted = true;
    await stack.close();
    rmSync(stack.dir, { recursive: true, force: true });
    say('interrupted; everything is stopped and cleaned up');
    process.exit(good ? 0 : 130);
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    await stack.startChain();
    await stack.deploy(meters);
    stack.writeProject();
    await stack.writeConfig();
    say('starting the coordinator and two workers');
    await stack.startCoordinator();
    await stack.startWorker('mill-1', ['--threads', '1']);
    await stack.startWorker('mill-2', ['--threads', '1']);
    await stack.nodesReady(2);
    say(`feeding ${tasks * readingsPerTask} signed readings of ${meters} meters`);
    stack.feed(meters, (tasks / meters) * readingsPerTask);
    const done = await watch(stack, tasks);
    console.log();
    await table(stack, done);
    const processed = await stack.processed();
    const successes = processed.filter((p) => p.success).length;
    console.log(`\n  ${successes} DataProcessed(success) events for ${tasks} tasks; ${processed.length - successes} failed ones.`);
    if (successes !== tasks) throw new Error(`${tasks} were expected; see the logs in ${stack.dir}`);
    const example = done[0].id;
    if (options.keep) {
      console.log(`
  Still running (Ctrl-C ends it). Look further:
    ${bin}/proofmill tasks --url ${stack.url}
    ${bin}/proofmill explain ${example.slice(0, 18)} --url ${stack.url}
    curl ${stack.url}/v1/nodes ; curl ${stack.url}/metrics
    more data: node tests/tools/meter-sim.mjs --append --out ${stack.readings} --meters ${meters} --readings 16 --seed demo`);
      good = true;
      await new Promise(() => { setInterval(() => {}, 1000); }); // until a signal
    } else {
      console.log('\n  One task, explained:\n');
      console.log(stack.program('proofmill', ['explain', example, '--url', stack.url]).replace(/^/gm, '    '));
      console.log('  Look further with `./mill demo --keep`: it stays up, and says what to ask.');
    }
    good = true;
  } finally {
    await stack.close();
    if (good) rmSync(stack.dir, { recursive: true, force: true }); // else its logs are wanted
  }
  say('done; everything is stopped and cleaned up');
}

main().catch((error) => {
  console.error(`demo: ${error.message}`);
  process.exitCode = 1;
});
