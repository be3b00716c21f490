// A simulator of energy meters: writes signed readings as JSON lines into a folder, as devices behind a gateway would.
// What a reading is, and how its chain and signature are made, stands in meter.mjs.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, readdirSync, truncateSync, writeSync }
  from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { GENESIS, Meter } from './meter.mjs';

const help = `Simulates energy meters that sign their readings.

  node meter-sim.mjs --out DIR [--meters M] [--readings N] [--seed S] [--rate R] [--append] [--date YYYY-MM-DD]
  node meter-sim.mjs --keys [--meters M] [--seed S]

  --out DIR      appends to DIR/readings-DATE.jsonl, one reading a line, whole lines only
  --meters M     number of meters, with the ids 1 to M (1)
  --readings N   readings per meter (16); the meters take turns
  --seed S       everything but the date follows from it (1)
  --rate R       readings per second, of all meters together; 0: as fast as possible (0)
  --append       continue the chains that DIR holds; without it DIR must hold none
  --date D       the day in the file's name (today, UTC)
  --keys         print what a contract must know: [{"meter","keyX","keyY","head","counter"}], the genesis of each chain

A line: {"meter","counter","wh","prev","head","prevCounter","keyX","keyY","sig":{"R8x","R8y","S"}}, numbers as decimal
strings; head = Poseidon(prev, meter, counter, wh), and sig is the device's EdDSA-Poseidon signature over head.
`;

function fail(text) {
  console.error(`meter-sim: ${text}`);
  process.exit(2);
}

function whole(text, name, min) {
  if (!/^[0-9]{1,9}$/.test(text) || Number(text) < min) fail(`--${name}: a whole number from ${min} expected`);
  return Number(text);
}

function readingFiles(dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir).filter((f) => /^readings-.*\.jsonl$/.test(f)).sort().map((f) => join(dir, f));
}

// The last reading of each meter: the readings themselves are the simulator's memory. A line that a crash cut off is
// dropped from its file.
function lastStates(files) {
  const states = new Map();
  for (const file of files) {
    const bytes = readFileSync(file);
    const end = bytes.lastIndexOf(10) + 1;
    if (end < bytes.length) truncateSync(file, end);
    for (const line of bytes.subarray(0, end).toString().split('\n')) {
      if (!line) continue;
      const reading = JSON.parse(line);
      const known = states.get(reading.meter);
      if (!known || BigInt(reading.counter) > BigInt(known.counter)) states.set(reading.meter, reading);
    }
  }
  return states;
}

function append(file, text) {
  const fd = openSync(file, 'a');
  const bytes = Buffer.from(text);
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

async function simulate(options, count, readings, rate) {
  const files = readingFiles(options.out);
  if (files.length && !options.append) fail(`${options.out} holds readings already: --append continues them`);
  mkdirSync(options.out, { recursive: true });
  const states = lastStates(files);
  const meters = [];
  for (let id = 1; id <= count; id++) meters.push(await Meter.open(options.seed, id, states.get(String(id)) ?? GENESIS));

  const start = Date.now();
  let lines = '';
  for (let i = 0; i < readings * count; i++) {
    lines += `${JSON.stringify(meters[i % count].read())}\n`;
    const due = rate > 0 ? start + (i + 1) * 1000 / rate : 0;
    if (due > Date.now()) await sleep(due - Date.now());
    if (rate > 0 || lines.length > 1 << 16 || i + 1 === readings * count) {
      const day = options.date ?? new Date().toISOString().slice(0, 10);
      append(join(options.out, `readings-${day}.jsonl`), lines);
      lines = '';
    }
  }
  return readings * count;
}

async function main() {
  let options;
  try {
    options = parseArgs({ options: {
      out: { type: 'string' }, meters: { type: 'string', default: '1' }, readings: { type: 'string', default: '16' },
      seed: { type: 'string', default: '1' }, rate: { type: 'string', default: '0' }, append: { type: 'boolean' },
      date: { type: 'string' }, keys: { type: 'boolean' }, help: { type: 'boolean', short: 'h' },
    } }).values;
  } catch (error) {
    fail(`${error.message}; see --help`);
  }
  if (options.help) return void process.stdout.write(help);
  const count = whole(options.meters, 'meters', 1);
  if (options.keys) {
    const keys = [];
    for (let id = 1; id <= count; id++) {
      const { keyX, keyY } = await Meter.open(options.seed, id);
      keys.push({ meter: String(id), keyX: String(keyX), keyY: String(keyY), head: '0', counter: '0' });
    }
    return void console.log(JSON.stringify(keys, null, 2));
  }
  if (!options.out) fail('--out or --keys is needed; see --help');
  if (options.date && !/^\d{4}-\d{2}-\d{2}$/.test(options.date)) fail('--date: YYYY-MM-DD expected');
  if (!/^\d+(\.\d+)?$/.test(options.rate)) fail('--rate: a number of readings per second expected');
  const wrote = await simulate(options, count, whole(options.readings, 'readings', 0), Number(options.rate));
  console.log(`${wrote} readings of ${count} meter${count > 1 ? 's' : ''} in ${options.out}`);
}

await main();
