// Keys made by snarkjs, as a real application makes them: powers of tau with a contribution, a second phase with one.
// The powers are kept in a cache folder, for they take half a minute.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildBn128 } from 'ffjavascript';
import * as snarkjs from 'snarkjs';

/* Circuits of up to 2^8 rows, the public signals' rows included. */
const power = 8;

/** The path of prepared powers of tau for bn128. */
export async function powersOfTau(cache) {
  const done = join(cache, `pot${power}.ptau`);
  if (existsSync(done)) return done;
  mkdirSync(cache, { recursive: true });
  const at = (name) => join(cache, `${name}-${process.pid}.ptau`);
  const curve = await buildBn128();
  await snarkjs.powersOfTau.newAccumulator(curve, power, at('new'));
  await snarkjs.powersOfTau.contribute(at('new'), at('contributed'), 'test', 'entropy of a test');
  await snarkjs.powersOfTau.preparePhase2(at('contributed'), at('prepared'));
  renameSync(at('prepared'), done);
  for (const name of ['new', 'contributed']) rmSync(at(name));
  return done;
}

/** Makes zkeyPath; with secondPhase = false the key is left as it comes from the first (gamma = delta). */
export async function makeKey(cache, r1cs, zkeyPath, { secondPhase = true } = {}) {
  const ptau = await powersOfTau(cache);
  const first = secondPhase ? `${zkeyPath}.first` : zkeyPath;
  const result = await snarkjs.zKey.newZKey(r1cs, ptau, first);
  if (result === -1) throw new Error(`${r1cs} does not fit 2^${power}`);
  if (!secondPhase) return;
  await snarkjs.zKey.contribute(first, zkeyPath, 'test', 'more entropy of a test');
  rmSync(first);
}
