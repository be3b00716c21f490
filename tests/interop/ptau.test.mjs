// Development powers of tau: snarkjs prepares the same second phase from them to the byte, and makes keys from them at
// once that prove and verify in both provers; such keys are told as development keys. Synthetic circuits go the same way.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as snarkjs from 'snarkjs';
import { run } from '../tools/process.mjs';

const tests = dirname(dirname(fileURLToPath(import.meta.url)));
const build = process.env.PROOFMILL_BUILD;
const dir = mkdtempSync(join(tmpdir(), 'proofmill-ptau-'));
const at = (name) => join(dir, name);
const proofmill = (...args) => run(join(build, 'bin', 'proofmill'), args);
const theirs = (...args) => run(process.execPath, [join(tests, 'node_modules', 'snarkjs', 'build', 'cli.cjs'), ...args]);
const circuit = (ext) => join(build, 'circuits', 'poseidon', `poseidon.${ext}`);

after(async () => {
  rmSync(dir, { recursive: true, force: true });
  await globalThis.curve_bn128?.terminate(); // snarkjs keeps its threads
  await globalThis.curve_bls12381?.terminate();
});

/** Section number to bytes. */
function sections(path) {
  const bytes = readFileSync(path), found = {};
  for (let i = 12; i < bytes.length;) {
    const size = Number(bytes.readBigUInt64LE(i + 4));
    found[bytes.readUInt32LE(i)] = bytes.subarray(i + 12, i + 12 + size);
    i += 12 + size;
  }
  return found;
}

test('snarkjs prepares the same second phase', async () => {
  for (const [curve, power] of [['bn128', 1], ['bn128', 5], ['bls12381', 4]]) {
    proofmill('ptau', '--dev', '--curve', curve, `${power}`, at('dev.ptau'));
    await snarkjs.powersOfTau.preparePhase2(at('dev.ptau'), at('prepared.ptau'));
    const ours = sections(at('dev.ptau')), prepared = sections(at('prepared.ptau'));
    assert.deepEqual(Object.keys(prepared).map(Number), [1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15]);
    for (const type of Object.keys(prepared)) assert.ok(prepared[type].equals(ours[type]), `${curve}, section ${type}`);
  }
});

test('snarkjs groth16 setup takes it, and the key works on both sides', async () => {
  proofmill('ptau', '--dev', '9', at('p.ptau'));
  proofmill('ptau', '--dev', '3', at('small.ptau'));
  theirs('groth16', 'setup', circuit('r1cs'), at('p.ptau'), at('first.zkey'));
  theirs('zkey', 'contribute', at('first.zkey'), at('key.zkey'), '-e=entropy of a test');
  await snarkjs.wtns.calculate({ message: '5', secret: '6' }, circuit('wasm'), at('w.wtns'));
  proofmill('inspect', '--deep', at('key.zkey'));
  proofmill('export', 'verificationkey', at('key.zkey'), at('vk.json'));
  const vk = JSON.parse(readFileSync(at('vk.json'), 'utf8'));
  proofmill('prove', at('key.zkey'), at('w.wtns'), at('ours.json'), at('public.json'));
  const other = await snarkjs.groth16.prove(at('key.zkey'), at('w.wtns'));
  writeFileSync(at('theirs.json'), JSON.stringify(other.proof));
  const signals = JSON.parse(readFileSync(at('public.json'), 'utf8'));
  assert.deepEqual(signals, other.publicSignals);
  for (const name of ['ours.json', 'theirs.json']) {
    proofmill('verify', at('vk.json'), at('public.json'), at(name));
    assert.ok(await snarkjs.groth16.verify(vk, signals, JSON.parse(readFileSync(at(name), 'utf8'))), name);
  }
});

test('keys that snarkjs makes from it are told as development keys', async () => {
  const refused = (file) => {
    const r = spawnSync(join(build, 'bin', 'proofmill'), ['export', 'solidity', file, at('V.sol')], { encoding: 'utf8' });
    assert.equal(r.status, 7, r.stderr); // UNSAFE_KEY
    assert.match(r.stderr, /development/);
    assert.ok(!existsSync(at('V.sol')));
  };
  const inspect = (file) => JSON.parse(proofmill('inspect', '--json', file));
  assert.equal(inspect(at('p.ptau')).development, true);
  for (const name of ['first.zkey', 'key.zkey']) { // without a second phase, and with one
    assert.equal(inspect(at(name)).development, true);
    refused(at(name));
  }
  theirs('zkey', 'export', 'verificationkey', at('key.zkey'), at('their-vk.json')); // their text has no mark
  assert.equal(JSON.parse(readFileSync(at('their-vk.json'), 'utf8')).proofmill_development, undefined);
  assert.equal(inspect(at('their-vk.json')).development, true);
  // Others' contribution to the first phase makes the powers their own.
  await snarkjs.powersOfTau.contribute(at('small.ptau'), at('more.ptau'), 'another', 'entropy');
  await snarkjs.powersOfTau.preparePhase2(at('more.ptau'), at('theirs.ptau'));
  assert.equal(inspect(at('small.ptau')).development, true);
  assert.equal(inspect(at('theirs.ptau')).development, false);
});

test('snarkjs takes synthetic circuits', async () => {
  for (const [kind, zeros] of [['wide', 0], ['mixed', 0.45], ['bits', 0.58]]) {
    proofmill('synth', '--log2', '8', '--kind', kind, at('s.r1cs'), at('s.wtns'));
    const info = await snarkjs.r1cs.info(at('s.r1cs'));
    assert.deepEqual([info.nConstraints, info.nVars, info.nOutputs, info.nPubInputs], [248, 250, 1, 0]);
    assert.ok(await snarkjs.wtns.check(at('s.r1cs'), at('s.wtns')), kind);
    const values = await snarkjs.wtns.exportJson(at('s.wtns'));
    assert.ok(Math.abs(values.filter((v) => v === 0n).length / 250 - zeros) < 0.12, kind);
    await snarkjs.zKey.newZKey(at('s.r1cs'), at('p.ptau'), at('s.zkey'));
    const { proof, publicSignals } = await snarkjs.groth16.prove(at('s.zkey'), at('s.wtns'));
    assert.ok(await snarkjs.groth16.verify(await snarkjs.zKey.exportVerificationKey(at('s.zkey')), publicSignals, proof), kind);
    proofmill('prove', at('s.zkey'), at('s.wtns'), at('s.proof.json'), at('s.public.json'));
    assert.deepEqual(JSON.parse(readFileSync(at('s.public.json'), 'utf8')), publicSignals);
  }
});

test('faulty calls', () => {
  assert.throws(() => proofmill('ptau', '5', at('no.ptau')), /--dev/);
  assert.throws(() => proofmill('ptau', '--dev', '29', at('no.ptau')), /POWER/);
  assert.throws(() => proofmill('ptau', '--dev', '--curve', 'none', '4', at('no.ptau')), /curve/);
  assert.ok(!existsSync(at('no.ptau')));
});
