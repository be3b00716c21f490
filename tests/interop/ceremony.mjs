// Keys made by snarkjs, as a real application makes them, with a second phase that someone contributed to. The first
// phase is our development powers of tau (ptau.test.mjs compares them with snarkjs'), for a ceremony takes minutes, and
// such keys count as development keys; of a tiny circuit there is time for the whole.
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

/** snarkjs' whole ceremony over its curve (buildBn128, buildBls12381), for circuits of up to 2^4 rows. */
export async function wholeCeremony(curve, r1cs, zkeyPath) {
  const [fresh, contributed, prepared, first] = ['0.ptau', '1.ptau', '2.ptau', '0.zkey'].map((f) => `${zkeyPath}.${f}`);
  await snarkjs.powersOfTau.newAccumulator(curve, 4, fresh);
  await snarkjs.powersOfTau.contribute(fresh, contributed, 'test', 'entropy of a test');
  await snarkjs.powersOfTau.preparePhase2(contributed, prepared);
  if ((await snarkjs.zKey.newZKey(r1cs, prepared, first)) === -1) throw new Error(`${r1cs} does not fit 2^4`);
  await snarkjs.zKey.contribute(first, zkeyPath, 'test', 'more entropy of a test');
  for (const file of [fresh, contributed, prepared, first]) rmSync(file);
}
