// For the tests of contracts and commands: a real chain whose accounts are open, compiled contracts, calls by signature.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modules, repository } from '../../tools/application.mjs';
import { Child, freePort, run, until } from '../../tools/process.mjs';

export const build = process.env.PROOFMILL_BUILD ?? join(repository, 'build', 'release');
export const bin = join(build, 'bin');
const anvil = join(modules, '@foundry-rs', 'anvil-linux-amd64', 'bin', 'anvil');
const castProgram = join(modules, '@foundry-rs', 'cast-linux-amd64', 'bin', 'cast');
export const cast = (...args) => run(castProgram, args.map(String)).trim();

/** Compiles the contracts of coordinator/contracts and these files; the folder with the results. */
export function contracts(...files) {
  const out = join(build, 'tests', 'contracts-mjs');
  mkdirSync(out, { recursive: true });
  const compile = (list) => run(process.execPath, [join(repository, 'coordinator', 'contracts', 'build.mjs'), '--modules', modules,
    '--out', out, ...list]);
  compile([]);
  if (files.length) compile(files);
  return out;
}

export const artifact = (dir, name) => JSON.parse(readFileSync(join(dir, `${name}.json`), 'utf8'));

export class Chain {
  static async start(t, extra = []) {
    const chain = new Chain();
    chain.dir = mkdtempSync(join(tmpdir(), 'proofmill-chain-'));
    const port = await freePort();
    chain.url = `http://127.0.0.1:${port}`;
    chain.child = new Child('anvil', anvil, ['--host', '127.0.0.1', '--port', String(port), ...extra], join(chain.dir, 'anvil.log'));
    t.after(async () => {
      await chain.child.stop();
      rmSync(chain.dir, { recursive: true, force: true });
    });
    chain.accounts = await until('the chain answers', () => { chain.child.mustLive(); return chain.rpc('eth_accounts'); });
    return chain;
  }

  async rpc(method, ...params) {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    const { result, error } = await response.json();
    if (error) throw Object.assign(new Error(`${method}: ${error.message}`), { data: error.data });
    return result;
  }

  /** Sends, waits, and returns the receipt; throws, with the revert's data, where the call would revert. */
  async transact(transaction) {
    await this.rpc('eth_call', transaction, 'latest');
    const hash = await this.rpc('eth_sendTransaction', transaction);
    return until('the receipt', () => this.rpc('eth_getTransactionReceipt', hash), 10000, 5);
  }

  async deploy(artifactOf, signature = 'constructor()', ...args) {
    const encoded = args.length ? cast('abi-encode', signature, ...args).slice(2) : '';
    const receipt = await this.transact({ from: this.accounts[0], data: artifactOf.bytecode + encoded, gas: '0xf00000' });
    return receipt.contractAddress;
  }

  send(from, to, signature, ...args) {
    return this.transact({ from, to, data: cast('calldata', signature, ...args), gas: '0x7a1200' });
  }

  async view(to, signature, ...args) {
    return this.rpc('eth_call', { to, data: cast('calldata', signature, ...args) }, 'latest');
  }
}
