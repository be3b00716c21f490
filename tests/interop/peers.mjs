// Our command line and snarkjs' library, checked against each other over the files in one folder. The tests of interop
// give it their folder and PROOFMILL_BUILD.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as snarkjs from 'snarkjs';

/** What one test works with: the build's programs and the folder dir for files. */
export function peers(build, dir) {
  const at = (name) => join(dir, name);
  const json = (name) => JSON.parse(readFileSync(at(name), 'utf8'));

  /** Exit code and output of our own command line. */
  function proofmill(...args) {
    const r = spawnSync(join(build, 'bin', 'proofmill'), args, { encoding: 'utf8' });
    assert.equal(r.error, undefined);
    return { code: r.status, said: r.stdout + r.stderr };
  }

  function ours(...args) {
    const r = proofmill(...args);
    assert.equal(r.code, 0, `proofmill ${args.join(' ')}: ${r.said}`);
  }

  /** Proofs by both provers with key.zkey for name.wtns, checked by both verifiers with the verification keys that both
   * export. */
  async function crossCheck(name, key) {
    const zkey = at(`${key}.zkey`), wtns = at(`${name}.wtns`);
    ours('prove', zkey, wtns, at(`${key}-ours.json`), at(`${key}-ours-public.json`));
    ours('export', 'verificationkey', zkey, at(`${key}-ours-vk.json`));
    const vkTheirs = await snarkjs.zKey.exportVerificationKey(zkey);
    writeFileSync(at(`${key}-theirs-vk.json`), JSON.stringify(vkTheirs));
    const theirProof = await snarkjs.groth16.prove(zkey, wtns);
    writeFileSync(at(`${key}-theirs.json`), JSON.stringify(theirProof.proof));
    writeFileSync(at(`${key}-theirs-public.json`), JSON.stringify(theirProof.publicSignals));

    const { proofmill_development: _, ...vkOurs } = json(`${key}-ours-vk.json`);
    assert.deepEqual(vkOurs, vkTheirs, 'the exported verification keys differ');
    assert.deepEqual(json(`${key}-ours-public.json`), theirProof.publicSignals);
    for (const vk of ['ours', 'theirs']) {
      for (const prover of ['ours', 'theirs']) {
        const files = [`${key}-${vk}-vk.json`, `${key}-${prover}-public.json`, `${key}-${prover}.json`];
        assert.ok(await snarkjs.groth16.verify(...files.map(json)), `snarkjs refuses: vk ${vk}, proof ${prover}`);
        ours('verify', ...files.map(at));
      }
    }
  }

  return { at, json, proofmill, ours, crossCheck };
}
