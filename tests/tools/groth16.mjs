// What a hostile prover can do with proofs: make valid ones of other statements, and re-randomise those of others.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildBn128 } from 'ffjavascript';
import { run } from './process.mjs';

/** A proof of an input by our own command line: {proof, signals} as objects. */
export function prove(bin, files, cache, input) {
  const dir = mkdtempSync(join(tmpdir(), 'proofmill-prove-'));
  const at = (name) => join(dir, name);
  try {
    writeFileSync(at('input.json'), JSON.stringify(input));
    run(join(bin, 'proofmill'), ['fullprove', at('input.json'), files.wasm, files.zkey, at('proof.json'), at('public.json'),
      '--cache', cache]);
    const read = (name) => JSON.parse(readFileSync(at(name), 'utf8'));
    return { proof: read('proof.json'), signals: read('public.json') };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Another valid proof of the same statement: (k A, B / k, C). */
export async function rerandomise(proof) {
  const curve = await buildBn128(true);
  const { G1, G2, Fr } = curve;
  try {
    const k = Fr.e(BigInt(`0x${randomBytes(30).toString('hex')}`) + 2n);
    const a = G1.toAffine(G1.timesFr(G1.fromObject(proof.pi_a.map(BigInt)), k));
    const b = G2.toAffine(G2.timesFr(G2.fromObject(proof.pi_b.map((c) => c.map(BigInt))), Fr.inv(k)));
    const text = (v) => (Array.isArray(v) ? v.map(text) : v.toString());
    return { ...proof, pi_a: text(G1.toObject(a)), pi_b: text(G2.toObject(b)) };
  } finally {
    await curve.terminate();
  }
}
