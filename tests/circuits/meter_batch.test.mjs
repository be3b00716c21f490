// The circuit meter_batch against its own claims: what it must refuse, and that no signal of it is left unconstrained.
//   node --test meter_batch.test.mjs, with CIRCUITS naming the folder that build-circuits.mjs filled
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as snarkjs from 'snarkjs';
import { Meter, batchInput, batchPublic } from '../tools/meter.mjs';

const dir = join(process.env.CIRCUITS, 'meter_batch');
const P = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001n;
const domain = (1n << 248n) - 1n;

const meter = await Meter.open('circuit test', 5, { head: 77n, counter: 1000n });
const readings = Array.from({ length: 16 }, () => meter.read());
const good = batchInput(readings, domain);
const r1cs = await snarkjs.r1cs.exportJson(join(dir, 'meter_batch.r1cs'));

async function witness(input) {
  const wtns = { type: 'mem' };
  await snarkjs.wtns.calculate(input, join(dir, 'meter_batch.wasm'), wtns);
  return snarkjs.wtns.exportJson(wtns);
}

// Readings whose values are replaced, chained and signed anew: an honest device that measures nonsense.
async function resigned(change, id = 5, state = { head: 77n, counter: 1000n }) {
  const device = await Meter.open('circuit test', id, state);
  const changed = Array.from({ length: 16 }, (_, i) => device.readValues(...change(i, readings[i])));
  return batchInput(changed, domain);
}
const keep = (i, r) => [BigInt(r.counter), BigInt(r.wh)];
const at = (j, f) => (i, r) => (i === j ? f(r) : keep(i, r));

test('the public signals stand in the order that the contract expects', async () => {
  const w = await witness(good);
  assert.deepEqual(w.slice(1, 10).map(String), batchPublic(readings, domain));
  assert.equal(r1cs.nOutputs + r1cs.nPubInputs, 9);
  assert.ok(r1cs.nConstraints + 10 <= 1 << 14);
});

test('readings signed anew with the same values are accepted', async () => {
  assert.equal((await witness(await resigned(keep)))[1], (await witness(good))[1]);
});

test('the widest values that are allowed', async () => {
  const input = await resigned((i) => [(1n << 64n) - 16n + BigInt(i), (1n << 32n) - 1n]);
  const w = await witness(input);
  assert.equal(w[2], 16n * ((1n << 32n) - 1n));
  assert.equal(w[3], (1n << 64n) - 1n);
});

const refused = {
  'an equal counter': () => resigned(at(7, () => [BigInt(readings[6].counter), 5n])),
  'a smaller counter': () => resigned(at(7, () => [BigInt(readings[6].counter) - 1n, 5n])),
  'a first counter that does not exceed prevCounter': () => resigned(at(0, () => [1000n, 5n])),
  'a counter of 2^64': () => resigned(at(15, () => [1n << 64n, 5n])),
  'a counter that wraps around the field': () => resigned(at(3, () => [P - 1n, 5n])),
  'a prevCounter below zero': () => resigned(keep, 5, { head: 77n, counter: P - 1n }),
  'a reading of 2^32': () => resigned(at(4, (r) => [BigInt(r.counter), 1n << 32n])),
  'a negative reading': () => resigned(at(4, (r) => [BigInt(r.counter), P - 1n])),
  'a meter number of 2^64': () => resigned(keep, 1n << 64n),
  'another meter': async () => ({ ...good, meter: '6' }),
  'another previous head': async () => ({ ...good, prevHead: '78' }),
  'a reading changed after signing': async () => ({ ...good, wh: good.wh.map((v, i) => (i === 9 ? v + '0' : v)) }),
  'a reading left out': async () => ({ ...good, counters: [...good.counters.slice(1), String(meter.counter + 1n)] }),
  'another signature': async () => ({ ...good, sigS: String(BigInt(good.sigS) + 1n) }),
  'a signature with S beyond the order': async () => ({ ...good,
    sigS: String(BigInt(good.sigS) + 2736030358979909402780800718157159386076813972158567259200215660948447373041n) }),
  'another device key': async () => {
    const other = await Meter.open('another', 5);
    return { ...good, keyX: String(other.keyX), keyY: String(other.keyY) };
  },
  'a key of small order': async () => ({ ...good, keyX: '0', keyY: '1' }),
  'a key off the curve': async () => ({ ...good, keyX: '1', keyY: '1' }),
  'R8 off the curve': async () => ({ ...good, sigR8x: '1', sigR8y: '1' }),
};
for (const [what, make] of Object.entries(refused)) {
  test(`refused: ${what}`, async () => {
    const input = await make();
    await assert.rejects(() => witness(input), /Assert Failed/);
  });
}

// A signal whose value can change while every constraint that mentions it still holds is one that a prover may choose.
// This is necessary, not sufficient: it finds forgotten constraints, not subtle ones. The one exception is the helper by
// which circomlib's IsZero shows that a number is not zero: where the number is zero, any helper will do.
test('every signal is held by some constraint', async () => {
  const w = (await witness(good)).map(BigInt);
  const uses = Array.from({ length: r1cs.nVars }, () => new Set());
  r1cs.constraints.forEach((row, c) => row.forEach((side) => Object.keys(side).forEach((s) => uses[s].add(c))));
  const value = (side) => Object.entries(side).reduce((sum, [s, f]) => (sum + BigInt(f) * w[s]) % P, 0n);
  const holds = (c) => {
    const [a, b, r] = r1cs.constraints[c].map(value);
    return (a * b - r) % P === 0n;
  };
  r1cs.constraints.forEach((_, c) => assert.ok(holds(c)));
  const names = new Map(readFileSync(join(dir, 'meter_batch.sym'), 'utf8').split('\n').map((line) => line.split(','))
    .filter(([, s]) => s !== '-1').map(([, s, , name]) => [Number(s), name]));
  const free = [];
  for (let s = 1; s < r1cs.nVars; s++) {
    const before = w[s];
    w[s] = (before + 1n) % P;
    if ([...uses[s]].every(holds)) free.push(names.get(s));
    w[s] = before;
  }
  assert.deepEqual(free.sort(), ['main.signature.eqCheckX.isz.inv', 'main.signature.eqCheckY.isz.inv']);
});
