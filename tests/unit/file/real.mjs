// Files of the real peers for real.c: witnesses, keys (before and after a contribution) and a plonk key by snarkjs, from
// circuits compiled by circom 2. Makes them in a temporary folder, runs the program on them, and removes them.
//   node real.mjs CIRCUITS PROGRAM
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const snarkjs = createRequire(import.meta.url)('snarkjs');
const [circuits, program] = process.argv.slice(2).map((p) => resolve(p));

const inputs = {
  multiplier: { a: '3', b: '21888242871839275222246405745257275088548364400416034343698204186575808495616' },
  shapes: { one: '5', list: ['1', '2', '3'], matrix: [['1', '2', '3'], ['4', '5', '6']] },
};

async function tau(dir, power) {
  const curve = await snarkjs.curves.getCurveFromName('bn128');
  const file = (n) => join(dir, `${n}.ptau`);
  await snarkjs.powersOfTau.newAccumulator(curve, power, file(0));
  await snarkjs.powersOfTau.contribute(file(0), file(1), 'test', 'entropy of a test');
  await snarkjs.powersOfTau.preparePhase2(file(1), file('final'));
  return { curve, ptau: file('final') };
}

async function main() {
  const dir = mkdtempSync(join(tmpdir(), 'proofmill-real-'));
  try {
    const { curve, ptau } = await tau(dir, 6);
    for (const [name, input] of Object.entries(inputs)) {
      const from = join(circuits, name, name), to = join(dir, name);
      await snarkjs.wtns.calculate(input, `${from}.wasm`, `${to}.wtns`);
      await snarkjs.zKey.newZKey(`${from}.r1cs`, ptau, `${to}.first.zkey`);
      await snarkjs.zKey.contribute(`${to}.first.zkey`, `${to}.zkey`, 'test', 'more entropy');
    }
    await snarkjs.plonk.setup(join(circuits, 'multiplier', 'multiplier.r1cs'), ptau, join(dir, 'plonk.zkey'));
    await curve.terminate();
    execFileSync(program, { stdio: 'inherit', env: { ...process.env, REAL_FILES: dir, REAL_CIRCUITS: circuits } });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

main().then(() => process.exit(0), (error) => {
  console.error(error.message);
  process.exit(1);
});
