// Proofs made on the emulated GPU, through the command line, checked by snarkjs. tests/proofmill_emu is proofmill with
// that device; proofmill itself does not have it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as snarkjs from 'snarkjs';
import { peers } from './peers.mjs';

const build = process.env.PROOFMILL_BUILD;
const dir = mkdtempSync(join(tmpdir(), 'proofmill-emu-'));
const { at, json, ours, proofmill } = peers(build, dir);
const circuit = (ext, name = 'poseidon') => join(build, 'circuits', name, `${name}.${ext}`);

const prove = (env, device = 'emu', name = 'c') => spawnSync(join(build, 'tests', 'proofmill_emu'),
  ['prove', '--json', '--device', device, at(`${name}.zkey`), at(`${name}.wtns`), at('proof.json'), at('public.json')],
  { encoding: 'utf8', env: { ...process.env, ...env } });

before(async () => {
  await snarkjs.wtns.calculate({ message: '1234567890', secret: '987654321987654321' }, circuit('wasm'), at('c.wtns'));
  ours('setup', '--dev', circuit('r1cs'), at('c.zkey'));
  ours('export', 'verificationkey', at('c.zkey'), at('vk-c.json'));
  await snarkjs.wtns.calculate({ a: '3', b: '1234567890123456789012345678901234567890' },
    circuit('wasm', 'multiplier_bls'), at('bls.wtns'));
  ours('setup', '--dev', circuit('r1cs', 'multiplier_bls'), at('bls.zkey'));
  ours('export', 'verificationkey', at('bls.zkey'), at('vk-bls.json'));
});

after(async () => {
  rmSync(dir, { recursive: true, force: true });
  await globalThis.curve_bn128?.terminate(); // snarkjs keeps its threads
  await globalThis.curve_bls12381?.terminate();
});

describe('the emulated GPU', () => {
  for (const [name, curve, seed] of [['c', 'bn128', '1'], ['c', 'bn128', '2'], ['bls', 'bls12381', '3']]) {
    test(`snarkjs accepts its proof over ${curve}, seed ${seed}`, async () => {
      const r = prove({ PROOFMILL_EMU_SEED: seed }, 'emu', name);
      assert.equal(r.status, 0, r.stdout + r.stderr);
      const { device, device_fault: fault } = JSON.parse(r.stdout);
      assert.deepEqual({ device, fault }, { device: 'emu:0', fault: false });
      assert.ok(await snarkjs.groth16.verify(json(`vk-${name}.json`), json('public.json'), json('proof.json')));
    });
  }

  test('says what a key takes where there is too little memory', () => {
    const r = prove({ PROOFMILL_DEVICE_MEMORY: '100000' });
    assert.equal(r.status, 5);
    assert.match(r.stdout + r.stderr, /takes at least \d+ bytes of device memory.* there are 100000/);
  });

  test('is not chosen by itself', () => {
    const r = prove({}, 'auto');
    assert.equal(r.status, 0, r.stdout + r.stderr);
    assert.notEqual(JSON.parse(r.stdout).device, 'emu:0');
  });

  test('is no device of the program that people run', () => {
    const r = proofmill('prove', '--device', 'emu', at('c.zkey'), at('c.wtns'), at('p.json'), at('q.json'));
    assert.equal(r.code, 2);
    assert.match(r.said, /device "emu" is not one of/);
  });
});
