// proofmill and snarkjs accept each other's proofs, with keys of either's making, and write the same files.
// PROOFMILL_BUILD names the build folder, with bin/proofmill and circuits/ (the fixture of tests/circuits).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildBn128 } from 'ffjavascript';
import * as snarkjs from 'snarkjs';
import solc from 'solc';
import { makeKey, wholeCeremony } from './ceremony.mjs';
import { peers } from './peers.mjs';

const tests = dirname(dirname(fileURLToPath(import.meta.url)));
const build = process.env.PROOFMILL_BUILD;
const cache = join(build, 'interop');
const dir = mkdtempSync(join(tmpdir(), 'proofmill-interop-'));
const { at, json, ours, proofmill, crossCheck } = peers(build, dir);
const text = (name) => readFileSync(at(name), 'utf8');

const inputs = {
  multiplier: { a: '3', b: '11' },
  shapes: { one: '7', list: ['1', '2', '3'], matrix: [['1', '0', '5'], ['2', '8', '13']] },
  poseidon: { message: '1234567890', secret: '987654321987654321' },
  merkle: { leaf: '42', siblings: Array.from({ length: 16 }, (_, i) => `${i * i + 1}`),
    right: Array.from({ length: 16 }, (_, i) => `${i % 3 === 0 ? 1 : 0}`) },
};
const circuit = (name, ext) => join(build, 'circuits', name, `${name}.${ext}`);

// snarkjs' own command line, for its files to the byte; its exit code.
function theirs(...args) {
  const r = spawnSync(process.execPath, [join(tests, 'node_modules', 'snarkjs', 'build', 'cli.cjs'), ...args],
    { encoding: 'utf8' });
  return { code: r.status, said: r.stdout + r.stderr };
}

before(async () => {
  assert.ok(build && existsSync(join(build, 'bin', 'proofmill')), 'PROOFMILL_BUILD has no bin/proofmill');
  for (const [name, input] of Object.entries(inputs)) {
    await snarkjs.wtns.calculate(input, circuit(name, 'wasm'), at(`${name}.wtns`));
    ours('setup', '--dev', circuit(name, 'r1cs'), at(`${name}-dev.zkey`));
    await makeKey(join(build, 'bin'), cache, circuit(name, 'r1cs'), at(`${name}-ceremony.zkey`));
  }
  await wholeCeremony(await buildBn128(), circuit('multiplier', 'r1cs'), at('multiplier-whole.zkey'));
});

after(async () => {
  rmSync(dir, { recursive: true, force: true });
  await globalThis.curve_bn128?.terminate(); // snarkjs keeps its threads
});

describe('keys of our development setup', () => {
  for (const name of Object.keys(inputs)) test(name, () => crossCheck(name, `${name}-dev`));
});

describe('keys of a ceremony with snarkjs', () => {
  for (const name of Object.keys(inputs)) test(name, () => crossCheck(name, `${name}-ceremony`));
  test('multiplier, first phase and second', () => crossCheck('multiplier', 'multiplier-whole'));
});

test('snarkjs groth16 verify, the command, accepts our files', () => {
  const files = ['vk', 'public', 'proof'].map((f) => at(`poseidon-cli-${f}.json`));
  ours('prove', at('poseidon-ceremony.zkey'), at('poseidon.wtns'), files[2], files[1]);
  ours('export', 'verificationkey', at('poseidon-ceremony.zkey'), files[0]);
  const r = theirs('groth16', 'verify', ...files);
  assert.equal(r.code, 0, r.said);
  assert.match(r.said, /OK!/);
});

test('files are those of snarkjs to the byte', () => {
  const zkey = at('multiplier-whole.zkey'), wtns = at('multiplier.wtns');
  assert.equal(theirs('groth16', 'prove', zkey, wtns, at('b-proof.json'), at('b-public.json')).code, 0);
  assert.equal(theirs('zkey', 'export', 'verificationkey', zkey, at('b-vk.json')).code, 0);
  ours('prove', zkey, wtns, at('a-proof.json'), at('a-public.json'));
  ours('export', 'verificationkey', zkey, at('a-vk.json'));
  assert.equal(text('a-public.json'), text('b-public.json'));
  assert.equal(text('a-vk.json'), text('b-vk.json'));
  const form = (s) => s.replace(/\d{20,}/g, 'N'); // proofs are blinded: their form must be the same
  assert.equal(form(text('a-proof.json')), form(text('b-proof.json')));
});

test('what snarkjs proved and someone changed is refused', async () => {
  const key = 'poseidon-ceremony';
  await crossCheck('poseidon', key);
  const names = { vk: `${key}-theirs-vk.json`, public: `${key}-theirs-public.json`, proof: `${key}-theirs.json` };
  for (const changed of Object.keys(names)) {
    const bytes = readFileSync(at(names[changed]));
    for (let i = 0; i < 40; i++) {
      const bit = Math.floor((i * 8 * bytes.length) / 40 + i % 8);
      const copy = Buffer.from(bytes);
      copy[bit >> 3] ^= 1 << (bit & 7);
      writeFileSync(at('changed.json'), copy);
      const files = Object.entries(names).map(([k, file]) => at(k === changed ? 'changed.json' : file));
      const r = proofmill('verify', ...files);
      assert.ok(r.code === 1 || r.code === 3, `${changed}, bit ${bit}: exit code ${r.code}: ${r.said}`);
    }
  }
});

test('a witness that does not satisfy the circuit is refused as that', async () => {
  const wtns = readFileSync(at('multiplier.wtns'));
  wtns[wtns.length - 32] ^= 1; // the last value, below 2^8
  writeFileSync(at('wrong.wtns'), wtns);
  for (const key of ['multiplier-dev', 'multiplier-ceremony']) {
    const r = proofmill('prove', at(`${key}.zkey`), at('wrong.wtns'), at('no.json'), at('no-public.json'));
    assert.equal(r.code, 1);
    assert.match(r.said, /does not satisfy/);
    assert.ok(!existsSync(at('no.json')));
  }
  const r = proofmill('prove', at('multiplier-dev.zkey'), at('poseidon.wtns'), at('no.json'), at('no-public.json'));
  assert.equal(r.code, 3);
});

// Errors and warnings of solc for a contract's text.
function compile(source) {
  const input = { language: 'Solidity', sources: { 'V.sol': { content: source } },
    settings: { outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } }, optimizer: { enabled: true } } };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  assert.deepEqual(output.errors ?? [], []);
  return output.contracts['V.sol'];
}

test('the contract compiles without a warning', () => {
  for (const [name, signals] of [['multiplier', 1], ['poseidon', 2], ['merkle', 2]]) {
    ours('export', 'solidity', at(`${name}-dev.zkey`), at('V.sol'), '--local', '--name', 'MeterVerifier');
    const { MeterVerifier } = compile(text('V.sol'));
    const verify = MeterVerifier.abi.find((f) => f.name === 'verifyProof');
    assert.deepEqual(verify.inputs.map((i) => i.type),
      ['uint256[2]', 'uint256[2][2]', 'uint256[2]', `uint256[${signals}]`]);
    assert.equal(verify.stateMutability, 'view');
    assert.ok(MeterVerifier.evm.bytecode.object.length > 1000);
  }
  ours('export', 'solidity', at('multiplier-whole.zkey'), at('V.sol'));
  assert.doesNotMatch(text('V.sol'), /chainid/);
  compile(text('V.sol'));
});

test('no contract for keys that must not hold value', async () => {
  const first = at('first-phase.zkey');
  await makeKey(join(build, 'bin'), cache, circuit('multiplier', 'r1cs'), first, { secondPhase: false });
  for (const zkey of [first, at('poseidon-dev.zkey'), at('poseidon-ceremony.zkey')]) {
    const r = proofmill('export', 'solidity', zkey, at('Unsafe.sol'));
    assert.equal(r.code, 7, r.said);
    assert.ok(!existsSync(at('Unsafe.sol')));
    ours('export', 'solidity', zkey, at('Unsafe.sol'), '--local');
    assert.match(text('Unsafe.sol'), /^\/\/ FOR LOCAL TEST CHAINS ONLY/);
    assert.match(text('Unsafe.sol'), /31337/);
    rmSync(at('Unsafe.sol'));
  }
});
