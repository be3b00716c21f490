// The energy meters' application, made ready: circuit, development key, verification key, compiled contracts, project file.
// Everything that takes long is kept in the cache folder under the hash of what it was made from.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './process.mjs';

export const tests = dirname(dirname(fileURLToPath(import.meta.url)));
export const repository = dirname(tests);
export const modules = join(tests, 'node_modules');

export const sha256 = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Runs `make` unless `stamp` already names `inputs` (texts or numbers); true where it ran. */
export async function once(stamp, inputs, make) {
  const hash = createHash('sha256').update(JSON.stringify(inputs)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return false;
  await make();
  writeFileSync(stamp, hash);
  return true;
}

/**
 * The application's files below `cache`: {r1cs, wasm, zkey, vk, contracts: folder of {abi, bytecode} files}.
 * `bin` is the folder of our programs. `progress(text)` is told what is being made.
 */
export async function application(cache, bin, progress = () => {}) {
  mkdirSync(cache, { recursive: true });
  const proofmill = join(bin, 'proofmill');
  const name = 'meter_batch';
  const circuits = join(cache, 'circuits');
  mkdirSync(circuits, { recursive: true });
  progress('compiling the circuit (circom 2)');
  run(process.execPath, [join(tests, 'tools', 'build-circuits.mjs'), circuits, name]);
  const files = {
    r1cs: join(circuits, name, `${name}.r1cs`),
    wasm: join(circuits, name, `${name}.wasm`),
    zkey: join(cache, `${name}.zkey`),
    vk: join(cache, `${name}.vk.json`),
    contracts: join(cache, 'contracts'),
  };
  const circuit = sha256(files.r1cs);
  await once(join(cache, 'key.stamp'), [circuit], () => {
    progress('making a development key');
    run(proofmill, ['setup', '--dev', files.r1cs, files.zkey]);
    run(proofmill, ['export', 'verificationkey', files.zkey, files.vk]);
  });
  const sources = join(cache, 'solidity');
  mkdirSync(sources, { recursive: true });
  const verifier = join(sources, 'MeterVerifier.sol');
  run(proofmill, ['export', 'solidity', '--local', '--name', 'MeterVerifier', files.zkey, verifier]);
  const contractSources = ['Router.sol', 'EnergyMeters.sol'].map((f) => join(repository, 'coordinator', 'contracts', f));
  await once(join(cache, 'contracts.stamp'), [verifier, ...contractSources].map(sha256), () => {
    progress('compiling the contracts (solc)');
    run(process.execPath, [join(repository, 'coordinator', 'contracts', 'build.mjs'), '--modules', modules,
      '--out', files.contracts, ...contractSources, verifier]);
  });
  return files;
}

const first = (pointer) => ({ first: pointer });
const last = (pointer) => ({ last: pointer });
const each = (pointer) => ({ each: pointer });

/** The project file's object. at: {chainId, endpoint, router, application}; sources: as the project file has them. */
export function projectFile(files, at, sources, options = {}) {
  const artifact = (path) => ({ uri: path, sha256: sha256(path) });
  return {
    name: 'energy meters',
    clientID: 'energy-meters',
    defaultVersion: '1.0',
    sources,
    versions: [{
      version: '1.0',
      vmTypeID: 100,
      circuit: { zkey: artifact(files.zkey), wasm: artifact(files.wasm), verificationKey: artifact(files.vk) },
      task: { size: 16, groupBy: '/meter' },
      inputs: {
        domain: { domain: true },
        meter: first('/meter'),
        keyX: first('/keyX'),
        keyY: first('/keyY'),
        prevHead: first('/prev'),
        prevCounter: first('/prevCounter'),
        counters: each('/counter'),
        wh: each('/wh'),
        sigR8x: last('/sig/R8x'),
        sigR8y: last('/sig/R8y'),
        sigS: last('/sig/S'),
      },
      publicSignals: [
        { name: 'head', ...last('/head') },
        { name: 'total', sum: '/wh' },
        { name: 'counter', ...last('/counter') },
        { name: 'domain', domain: true },
        { name: 'meter', ...first('/meter') },
        { name: 'keyX', ...first('/keyX') },
        { name: 'keyY', ...first('/keyY') },
        { name: 'prevHead', ...first('/prev') },
        { name: 'prevCounter', ...first('/prevCounter') },
      ],
      output: {
        type: 'ethereumContract',
        ethereum: {
          chainId: at.chainId,
          chainEndpoint: at.endpoint,
          contractAddress: at.router,
          receiverAddress: at.application,
          confirmations: options.confirmations ?? 1,
        },
      },
    }],
  };
}
