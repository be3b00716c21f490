// Compiles the circuits of tests/circuits with circom 2 into OUT/<name>/{name.r1cs,name.wasm,name.sym}.
//
//   node tests/tools/build-circuits.mjs OUT [name ...]      all circuits, or those named
//
// A circuit is compiled again only if its source, its flags or the compiler changed: OUT/<name>/stamp holds the hash of
// all of them. A finished circuit appears at once, by a rename; OUT may be shared and the run interrupted.
// Needs the packages of tests/package.json. It makes no keys.
import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const tests = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(tests, 'node_modules');

/* Flags beside --r1cs --wasm --sym. O2 also removes linear constraints: meter_batch then fits a domain of 2^14. */
const flags = {
  merkle: ['--O2'],
  meter_batch: ['--O2'],
  multiplier: [],
  multiplier_bls: ['--prime', 'bls12381'],
  poseidon: ['--O2'],
  sha256: [],
  shapes: [],
};

function stampOf(name) {
  const hash = createHash('sha256');
  hash.update(readFileSync(join(tests, 'circuits', `${name}.circom`)));
  for (const pkg of ['circom2', 'circomlib']) {
    hash.update(JSON.parse(readFileSync(join(modules, pkg, 'package.json'))).version + '\0');
  }
  return hash.update(JSON.stringify(flags[name])).digest('hex');
}

function isBuilt(out, name, stamp) {
  const file = join(out, name, 'stamp');
  return existsSync(file) && readFileSync(file, 'utf8') === stamp;
}

async function compile(out, name) {
  const stamp = stampOf(name);
  if (isBuilt(out, name, stamp)) return false;
  const tmp = mkdtempSync(join(out, `.${name}-`));
  try {
    // The compiler sees paths below its working directory's parents only, and libraries only by a relative path.
    const args = [join(modules, 'circom2', 'cli.js'), join('circuits', `${name}.circom`), '--r1cs', '--wasm', '--sym',
      ...flags[name], '-l', 'node_modules', '-o', relative(tests, tmp)];
    await promisify(execFile)(process.execPath, args, { cwd: tests, maxBuffer: 1 << 24 });
    renameSync(join(tmp, `${name}_js`, `${name}.wasm`), join(tmp, `${name}.wasm`));
    rmSync(join(tmp, `${name}_js`), { recursive: true });
    writeFileSync(join(tmp, 'stamp'), stamp);
    install(tmp, join(out, name), () => isBuilt(out, name, stamp));
  } catch (error) {
    const said = `${error.stdout ?? ''}${error.stderr ?? ''}`.replace(/\x1b\[[0-9;]*m/g, '').trim();
    throw new Error(`circuit ${name}: ${said || error.message}`);
  } finally {
    rmSync(tmp, { recursive: true, force: true });
  }
  return true;
}

// Puts the folder in place. Another run may do the same at this moment: then either result will do.
function install(from, to, done) {
  for (let tries = 0; ; tries++) {
    rmSync(to, { recursive: true, force: true });
    try {
      renameSync(from, to);
      return;
    } catch (error) {
      if (done()) return;
      if (tries === 5) throw error;
    }
  }
}

async function main() {
  const [outArg, ...picked] = process.argv.slice(2);
  if (!outArg || outArg.startsWith('-')) {
    console.error(`usage: build-circuits.mjs OUT [name ...]\ncircuits: ${Object.keys(flags).join(' ')}`);
    process.exit(outArg === '--help' ? 0 : 2);
  }
  const unknown = picked.filter((name) => !(name in flags));
  if (unknown.length) throw new Error(`no circuit ${unknown.join(', ')}; there are ${Object.keys(flags).join(' ')}`);
  if (!existsSync(join(modules, 'circom2'))) throw new Error(`the packages are missing: run npm ci in ${tests}`);
  const sources = readdirSync(join(tests, 'circuits')).filter((f) => f.endsWith('.circom')).map((f) => f.slice(0, -7));
  const unlisted = sources.filter((name) => !(name in flags));
  if (unlisted.length) throw new Error(`build-circuits.mjs has no flags for ${unlisted.join(', ')}`);

  const out = resolve(outArg);
  mkdirSync(out, { recursive: true });
  for (const name of picked.length ? picked : Object.keys(flags)) {
    const start = Date.now();
    const fresh = await compile(out, name);
    console.log(`${name}: ${fresh ? `compiled in ${((Date.now() - start) / 1000).toFixed(1)} s` : 'up to date'}`);
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
