// Keys made by snarkjs, as a real application makes them, with a second phase that someone contributed to. The first
// phase is our development powers of tau (ptau.test.mjs compares them with snarkjs'), for a ceremony takes minutes.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as snarkjs from 'snarkjs';
import { run } from '../tools/process.mjs';

/* Circuits of up to 2^12 rows, the public signals' rows included. */
const power = 12;

/** The path of prepared powers of tau for bn128. */
function powersOfTau(bin, cache) {
  const done = join(cache, `dev${power}.ptau`);
  if (existsSync(done)) return done;
  mkdirSync(cache, { recursive: true });
  const made = join(cache, `made-${process.pid}.ptau`);
  run(join(bin, 'proofmill'), ['ptau', '--dev', `${power}`, made]);
  renameSync(made, done);
  return done;
}

/** Makes zkeyPath with the programs in bin; with secondPhase = false the key is left as it comes from the first
 * (gamma = delta). */
export async function makeKey(bin, cache, r1cs, zkeyPath, { secondPhase = true } = {}) {
  const ptau = powersOfTau(bin, cache);
  const first = secondPhase ? `${zkeyPath}.first` : zkeyPath;
  const result = await snarkjs.zKey.newZKey(r1cs, ptau, first);
  if (result === -1) throw new Error(`${r1cs} does not fit 2^${power}`);
  if (!secondPhase) return;
  await snarkjs.zKey.contribute(first, zkeyPath, 'test', 'more entropy of a test');
  rmSync(first);
}
