// Compiles Solidity contracts to OUT/<Name>.json {contractName, compiler, abi, bytecode, deployedBytecode}.
//
//   node coordinator/contracts/build.mjs --modules DIR --out OUT [file.sol ...]
//
// Without files: the contracts of this folder. With files: those, which may import this folder's by "./Name.sol" or
// "proofmill/Name.sol". DIR holds the package solc (tests/node_modules). The result depends on the sources and the compiler
// alone: no paths, no metadata hash. Files are written whole and renamed; unchanged ones are left alone.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
// No opcode that is younger than EIP-1559 chains without Shanghai know.
const settings = {
  evmVersion: 'paris',
  optimizer: { enabled: true, runs: 1000 },
  metadata: { bytecodeHash: 'none', appendCBOR: false },
  outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
};

function usage(code) {
  console.error('usage: build.mjs --modules DIR --out OUT [file.sol ...]');
  process.exit(code);
}

function parseArgs(argv) {
  const args = { files: [] };
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === '--help') usage(0);
    else if (argv[i] === '--modules' || argv[i] === '--out') args[argv[i].slice(2)] = argv[++i];
    else if (argv[i].startsWith('-')) usage(2);
    else args.files.push(argv[i]);
  }
  if (!args.modules || !args.out) usage(2);
  if (!args.files.length) {
    args.files = readdirSync(here).filter((f) => f.endsWith('.sol')).sort().map((f) => join(here, f));
  }
  return args;
}

// Sources are named by their file's name alone, so that paths leave no trace in the result.
function readSources(files) {
  const sources = {};
  for (const file of files) {
    const name = basename(file);
    if (sources[name]) throw new Error(`two files are called ${name}`);
    sources[name] = { content: readFileSync(file, 'utf8') };
  }
  return sources;
}

function findImport(path) {
  const file = join(here, basename(path));
  if (!['', '.', 'proofmill'].includes(dirname(path)) || !existsSync(file)) return { error: `${path} not found` };
  return { contents: readFileSync(file, 'utf8') };
}

function writeWhole(path, text) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  writeFileSync(`${path}.${process.pid}`, text);
  renameSync(`${path}.${process.pid}`, path);
}

function main() {
  const args = parseArgs(process.argv.slice(2));
  const solc = createRequire(join(resolve(args.modules), 'index.js'))('solc');
  const sources = readSources(args.files);
  const input = { language: 'Solidity', sources, settings };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }));
  const faults = output.errors ?? [];
  for (const fault of faults) console.error(fault.formattedMessage);
  if (faults.length) process.exit(1); // warnings too: these contracts hold value

  mkdirSync(args.out, { recursive: true });
  for (const source of Object.keys(sources)) {
    for (const [contractName, contract] of Object.entries(output.contracts[source] ?? {})) {
      const bytecode = contract.evm.bytecode.object;
      if (!bytecode) continue; // an interface
      const artifact = {
        contractName,
        compiler: solc.version(),
        abi: contract.abi,
        bytecode: `0x${bytecode}`,
        deployedBytecode: `0x${contract.evm.deployedBytecode.object}`,
      };
      writeWhole(join(args.out, `${contractName}.json`), `${JSON.stringify(artifact, null, 1)}\n`);
      console.log(`${contractName}: ${bytecode.length / 2} bytes`);
    }
  }
}

try {
  main();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
