// proofmill and snarkjs over BLS12-381: keys of either's making, witnesses, proofs, verification keys, refusals.
// PROOFMILL_BUILD names the build folder, with bin/proofmill and circuits/ (the fixture of tests/circuits).
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { buildBls12381 } from 'ffjavascript';
import * as snarkjs from 'snarkjs';
import { wholeCeremony } from './ceremony.mjs';
import { peers } from './peers.mjs';

const build = process.env.PROOFMILL_BUILD;
const dir = mkdtempSync(join(tmpdir(), 'proofmill-bls12381-'));
const { at, json, ours, proofmill, crossCheck } = peers(build, dir);
const circuit = (ext, name = 'multiplier_bls') => join(build, 'circuits', name, `${name}.${ext}`);
const p = 0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;
let curve;

before(async () => {
  assert.ok(build && existsSync(join(build, 'bin', 'proofmill')), 'PROOFMILL_BUILD has no bin/proofmill');
  curve = await buildBls12381();
  const r = curve.r;
  await snarkjs.wtns.calculate({ a: `${r - 3n}`, b: '1234567890123456789012345678901234567890' }, circuit('wasm'),
    at('multiplier.wtns'));
  ours('setup', '--dev', circuit('r1cs'), at('dev.zkey'));
  await wholeCeremony(curve, circuit('r1cs'), at('ceremony.zkey'));
  ours('ptau', '--dev', '--curve', 'bls12381', '5', at('dev.ptau'));
  assert.notEqual(await snarkjs.zKey.newZKey(circuit('r1cs'), at('dev.ptau'), at('powers.zkey')), -1);
});

after(async () => {
  rmSync(dir, { recursive: true, force: true });
  await curve.terminate(); // ffjavascript keeps its threads
});

test('a key of our development setup', () => crossCheck('multiplier', 'dev'));
test('a key of a ceremony with snarkjs', () => crossCheck('multiplier', 'ceremony'));
test('a key of snarkjs from our development powers of tau', () => crossCheck('multiplier', 'powers'));

// Our verifier's exit code for the ceremony's proof with one part changed.
function verifyChanged(change) {
  const proof = json('ceremony-theirs.json');
  change(proof);
  writeFileSync(at('changed.json'), JSON.stringify(proof));
  return proofmill('verify', ...['ceremony-theirs-vk.json', 'ceremony-theirs-public.json', 'changed.json'].map(at));
}

test('a changed proof, and points outside of the subgroups, are refused', async () => {
  await crossCheck('multiplier', 'ceremony');
  const outside1 = ['0', '2', '1']; // of order three
  for (const part of ['pi_a', 'pi_c']) {
    const wrong = verifyChanged((proof) => { proof[part] = outside1; });
    assert.equal(wrong.code, 3, wrong.said);
    assert.match(wrong.said, /group G1/);
    const negated = verifyChanged((proof) => { proof[part][1] = `${p - BigInt(proof[part][1])}`; });
    assert.equal(negated.code, 1, negated.said);
    const large = verifyChanged((proof) => { proof[part][0] = `${p + BigInt(proof[part][0])}`; });
    assert.equal(large.code, 3, large.said);
  }
  // A point of the twist is hardly ever in G2.
  const { F, b } = curve.G2;
  let x = F.one, point;
  while (!point) {
    x = F.add(x, F.one);
    const y2 = F.add(F.mul(F.square(x), x), b);
    const y = sqrt(F, y2);
    if (y) point = [x, y];
  }
  const [px, py] = point.map((c) => F.toObject(c));
  const twist = verifyChanged((proof) => { proof.pi_b = [px.map(String), py.map(String), ['1', '0']]; });
  assert.equal(twist.code, 3, twist.said);
  assert.match(twist.said, /group G2/);
});

// A root in Fp2 = Fp[u] / (u^2 + 1), p = 3 mod 4, or undefined: by the norm, through roots in Fp.
function sqrt(F, square) {
  const [a, b] = F.toObject(square);
  const power = (x, e) => { let y = 1n; for (; e; e >>= 1n, x = x * x % p) if (e & 1n) y = y * x % p; return y; };
  const root = (x) => { const y = power(x, (p + 1n) / 4n); return y * y % p === x ? y : undefined; };
  const norm = root((a * a + b * b) % p);
  if (norm === undefined) return undefined;
  for (const s of [norm, p - norm]) {
    const re = root((a + s) * power(2n, p - 2n) % p);
    if (!re) continue;
    const found = F.fromObject([re, b * power(2n * re % p, p - 2n) % p]);
    if (F.eq(F.square(found), square)) return found;
  }
  return undefined;
}

test('a wrong witness, and one over another field, are refused', async () => {
  const wtns = readFileSync(at('multiplier.wtns'));
  wtns[wtns.length - 32] ^= 1;
  writeFileSync(at('wrong.wtns'), wtns);
  const r = proofmill('prove', at('dev.zkey'), at('wrong.wtns'), at('no.json'), at('no-public.json'));
  assert.equal(r.code, 1, r.said);
  assert.match(r.said, /does not satisfy/);
  await snarkjs.wtns.calculate({ a: '3', b: '11' }, circuit('wasm', 'multiplier'), at('bn128.wtns'));
  const other = proofmill('prove', at('dev.zkey'), at('bn128.wtns'), at('no.json'), at('no-public.json'));
  assert.equal(other.code, 3, other.said);
  assert.match(other.said, /bls12381/);
  assert.ok(!existsSync(at('no.json')));
});

test('no Solidity verifier for this curve', () => {
  const r = proofmill('export', 'solidity', at('ceremony.zkey'), at('V.sol'));
  assert.notEqual(r.code, 0);
  assert.match(r.said, /bn128 only/);
  assert.ok(!existsSync(at('V.sol')));
});
