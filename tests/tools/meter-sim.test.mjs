// The simulator's promises: chains that continue, signatures that circomlib's verifier accepts, whole lines only.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Meter, nextHead, verifyReading } from './meter.mjs';

const sim = join(dirname(fileURLToPath(import.meta.url)), 'meter-sim.mjs');
const scratch = mkdtempSync(join(tmpdir(), 'meter-sim-'));
after(() => rmSync(scratch, { recursive: true }));

const run = (...args) => execFileSync(process.execPath, [sim, ...args], { encoding: 'utf8' });
function readings(dir) {
  const text = readdirSync(dir).sort().map((f) => readFileSync(join(dir, f), 'utf8')).join('');
  assert.ok(text.endsWith('\n'));
  return text.trim().split('\n').map((line) => JSON.parse(line));
}

async function checkChain(all, meter) {
  const chain = all.filter((r) => r.meter === meter);
  let [head, counter] = ['0', '0'];
  for (const r of chain) {
    assert.equal(r.prev, head);
    assert.equal(r.prevCounter, counter);
    assert.ok(BigInt(r.counter) > BigInt(counter));
    assert.ok(BigInt(r.wh) < 1n << 32n);
    assert.equal(String(await nextHead(r.prev, r.meter, r.counter, r.wh)), r.head);
    [head, counter] = [r.head, r.counter];
  }
  return chain;
}

test('chains hold, signatures verify, a flipped digit does not', async () => {
  const dir = join(scratch, 'plain');
  run('--out', dir, '--meters', '2', '--readings', '5', '--seed', 's');
  const all = readings(dir);
  assert.equal(all.length, 10);
  const keys = JSON.parse(run('--keys', '--meters', '2', '--seed', 's'));
  for (const key of keys) {
    const chain = await checkChain(all, key.meter);
    assert.equal(chain.length, 5);
    for (const r of chain) {
      assert.deepEqual([r.keyX, r.keyY], [key.keyX, key.keyY]);
      assert.equal(await verifyReading(r), true);
      assert.equal(await verifyReading({ ...r, head: String(BigInt(r.head) ^ 1n) }), false);
    }
    assert.equal(await verifyReading({ ...chain[0], sig: chain[1].sig }), false);
  }
  assert.notEqual(keys[0].keyX, keys[1].keyX);
});

test('a later call continues what an earlier one wrote, byte for byte as one call would', () => {
  const [parts, whole] = [join(scratch, 'parts'), join(scratch, 'whole')];
  const common = ['--meters', '2', '--seed', '9', '--date', '2026-01-02'];
  run('--out', whole, '--readings', '6', ...common);
  run('--out', parts, '--readings', '2', ...common);
  appendFileSync(join(parts, 'readings-2026-01-02.jsonl'), '{"meter":"1","coun'); // a crash in mid-line
  run('--out', parts, '--readings', '4', '--append', ...common);
  assert.deepEqual(readings(parts), readings(whole));
});

test('existing readings are not mixed with new chains', () => {
  const dir = join(scratch, 'twice');
  run('--out', dir, '--readings', '1');
  const again = spawnSync(process.execPath, [sim, '--out', dir, '--readings', '1'], { encoding: 'utf8' });
  assert.equal(again.status, 2);
  assert.match(again.stderr, /--append continues/);
});

test('wrong arguments are named; help is help', () => {
  for (const args of [[], ['--out', scratch, '--meters', '0'], ['--out', scratch, '--rate', 'fast'], ['--nonsense']]) {
    const { status, stderr } = spawnSync(process.execPath, [sim, ...args], { encoding: 'utf8' });
    assert.equal(status, 2);
    assert.match(stderr, /^meter-sim: /);
  }
  assert.match(run('--help'), /Simulates energy meters/);
});

test('a rate is kept', () => {
  const start = Date.now();
  run('--out', join(scratch, 'rate'), '--readings', '4', '--rate', '10');
  assert.ok(Date.now() - start >= 400);
});

test('different seeds give different devices', async () => {
  assert.notEqual((await Meter.open('a', 1)).keyX, (await Meter.open('b', 1)).keyX);
});
