// The verifier contract on a real EVM (anvil): accepts what holds, refuses whatever differs from it in any word, and a
// contract of a development key cannot be deployed but on a local chain.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as snarkjs from 'snarkjs';
import solc from 'solc';
import { Child, freePort, run, until } from '../tools/process.mjs';

const tests = dirname(dirname(fileURLToPath(import.meta.url)));
const build = process.env.PROOFMILL_BUILD;
const anvil = join(tests, 'node_modules', '@foundry-rs', 'anvil-linux-amd64', 'bin', 'anvil');
const dir = mkdtempSync(join(tmpdir(), 'proofmill-contract-'));
const at = (name) => join(dir, name);
const json = (name) => JSON.parse(readFileSync(at(name), 'utf8'));
const r = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
const p = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;

let contract; // {bytecode, selector}
let words; // calldata: a, b, c, public signals, as BigInts
const chains = [];

async function startChain(chainId) {
  const port = await freePort();
  const child = new Child('anvil', anvil, ['--host', '127.0.0.1', '--port', `${port}`, '--chain-id', `${chainId}`, '--silent'],
    at(`anvil-${chainId}.log`));
  chains.push(child);
  const rpc = async (method, ...params) => {
    const reply = await (await fetch(`http://127.0.0.1:${port}`, { method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) })).json();
    if (reply.error) throw new Error(`${method}: ${reply.error.message}`);
    return reply.result;
  };
  await until('anvil answers', () => { child.mustLive(); return rpc('eth_chainId'); });
  return rpc;
}

// The address of the deployed contract. Throws where the constructor reverts.
async function deploy(rpc) {
  const [from] = await rpc('eth_accounts');
  const hash = await rpc('eth_sendTransaction', { from, data: `0x${contract.bytecode}`, gas: '0x1c9c380' });
  const receipt = await until('the receipt', () => rpc('eth_getTransactionReceipt', hash));
  if (receipt.status !== '0x1') throw new Error('the constructor reverted');
  return receipt.contractAddress;
}

const replaced = (list, i, value) => list.map((w, k) => (k === i ? value : w));
const swapped = (list, i, k) => replaced(replaced(list, i, list[k]), k, list[i]);
const calldata = (list) => `0x${contract.selector}${list.map((w) => w.toString(16).padStart(64, '0')).join('')}`;

async function verifies(rpc, to, list) {
  const result = await rpc('eth_call', { to, data: calldata(list), gas: '0x1c9c380' }, 'latest');
  assert.match(result, /^0x0{63}[01]$/);
  return result.endsWith('1');
}

before(async () => {
  const zkey = at('poseidon.zkey'), bin = join(build, 'bin', 'proofmill');
  const circuit = (ext) => join(build, 'circuits', 'poseidon', `poseidon.${ext}`);
  await snarkjs.wtns.calculate({ message: '5', secret: '6' }, circuit('wasm'), at('w.wtns'));
  run(bin, ['setup', '--dev', circuit('r1cs'), zkey]);
  run(bin, ['prove', zkey, at('w.wtns'), at('proof.json'), at('public.json')]);
  run(bin, ['export', 'solidity', zkey, at('V.sol'), '--local', '--name', 'V']);
  const output = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity',
    sources: { 'V.sol': { content: readFileSync(at('V.sol'), 'utf8') } },
    settings: { optimizer: { enabled: true, runs: 1000000 },
      outputSelection: { '*': { '*': ['evm.bytecode.object', 'evm.methodIdentifiers'] } } } })));
  const { evm } = output.contracts['V.sol'].V;
  contract = { bytecode: evm.bytecode.object, selector: Object.values(evm.methodIdentifiers)[0] };
  const call = await snarkjs.groth16.exportSolidityCallData(json('proof.json'), json('public.json'));
  words = JSON.parse(`[${call}]`).flat(3).map(BigInt);
});

after(async () => {
  for (const chain of chains) await chain.stop();
  rmSync(dir, { recursive: true, force: true });
  await globalThis.curve_bn128?.terminate();
});

test('what holds is accepted, and nothing else', async () => {
  const rpc = await startChain(31337);
  const to = await deploy(rpc);
  assert.equal(words.length, 10);
  assert.ok(await verifies(rpc, to, words));
  for (let i = 0; i < words.length; i++) {
    const changes = [words[i] ^ 1n, words[i] ^ (1n << 200n), 0n, 1n, i < 8 ? p : r, (1n << 256n) - 1n];
    changes.push(words[i] + (i < 8 ? p : r), i < 8 ? p - words[i] : r - words[i]);
    for (const change of changes) {
      if (change === words[i] || change >= 1n << 256n) continue;
      assert.ok(!await verifies(rpc, to, replaced(words, i, change)), `word ${i}: ${change}`);
    }
  }
  assert.ok(!await verifies(rpc, to, words.map(() => 0n)));
  assert.ok(!await verifies(rpc, to, swapped(words, 8, 9))); // signals exchanged
  assert.ok(!await verifies(rpc, to, swapped(words, 2, 3))); // real and imaginary part exchanged
  await assert.rejects(rpc('eth_call', { to, data: calldata(words.slice(0, 9)) }, 'latest')); // too short
});

// The price is that of a transaction with enough gas: an estimate would find the least with which the call does not
// revert, and a pairing that ran out of gas gives false, not a revert.
test('the price stays low', async () => {
  const rpc = await startChain(31337);
  const [from] = await rpc('eth_accounts');
  const hash = await rpc('eth_sendTransaction', { from, to: await deploy(rpc), data: calldata(words), gas: '0xf4240' });
  const gas = Number((await until('the receipt', () => rpc('eth_getTransactionReceipt', hash))).gasUsed);
  assert.ok(gas > 181_000 && gas < 225_000, `${gas} gas`); // 181,000 are the pairing's, 12,300 the two signals'
});

test('a development key stays on local chains', async () => {
  for (const [chainId, allowed] of [[1337, true], [1, false], [31338, false]]) {
    const rpc = await startChain(chainId);
    if (allowed) assert.ok(await verifies(rpc, await deploy(rpc), words));
    else await assert.rejects(deploy(rpc), /revert/);
  }
});
