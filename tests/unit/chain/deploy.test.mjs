// The subcommands deploy, send and keystore of proofmill-coordinator, as a person or a script uses them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { modules, tests } from '../../tools/application.mjs';
import { run } from '../../tools/process.mjs';
import { Chain, bin, build, cast, contracts } from './chain.mjs';

const program = join(bin, 'proofmill-coordinator');
const proofmill = join(bin, 'proofmill');
const snarkjs = (...args) => run(process.execPath, [join(modules, 'snarkjs', 'build', 'cli.cjs'), ...args]);
let dir, keys, out;

// One small circuit with two keys: a development key, and one with a second phase by snarkjs.
before(() => {
  keys = join(build, 'tests', 'chain-keys');
  mkdirSync(keys, { recursive: true });
  const at = (name) => join(keys, name);
  run(process.execPath, [join(tests, 'tools', 'build-circuits.mjs'), at('circuits'), 'multiplier']);
  const r1cs = join(at('circuits'), 'multiplier', 'multiplier.r1cs');
  run(proofmill, ['setup', '--dev', r1cs, at('dev.zkey')]);
  run(proofmill, ['export', 'verificationkey', at('dev.zkey'), at('dev.vk.json')]);
  run(proofmill, ['export', 'solidity', '--local', '--name', 'DevVerifier', at('dev.zkey'), at('DevVerifier.sol')]);
  snarkjs('powersoftau', 'new', 'bn128', '6', at('a.ptau'));
  snarkjs('powersoftau', 'prepare', 'phase2', at('a.ptau'), at('b.ptau'));
  snarkjs('groth16', 'setup', r1cs, at('b.ptau'), at('0.zkey'));
  snarkjs('zkey', 'contribute', at('0.zkey'), at('real.zkey'), '--name=test', '-e=some entropy');
  for (const name of ['0', 'real']) snarkjs('zkey', 'export', 'verificationkey', at(`${name}.zkey`), at(`${name}.vk.json`));
  run(proofmill, ['export', 'solidity', '--name', 'RealVerifier', at('real.zkey'), at('RealVerifier.sol')]);
  run(proofmill, ['export', 'solidity', '--local', '--name', 'RawVerifier', at('0.zkey'), at('RawVerifier.sol')]);
  dir = contracts(...['Dev', 'Real', 'Raw'].map((n) => at(`${n}Verifier.sol`)));
  out = (name) => join(dir, `${name}.json`);
});

/** {code, said: standard output as JSON or text, error: standard error} */
function call(...args) {
  const r = spawnSync(program, args.map(String), { encoding: 'utf8' });
  let said = r.stdout;
  try { said = JSON.parse(r.stdout); } catch { /* text */ }
  return { code: r.status, said, error: r.stderr };
}

async function account(chain) {
  const password = join(chain.dir, 'password');
  const keystore = join(chain.dir, 'account.json');
  writeFileSync(password, 'correct horse\n', { mode: 0o600 });
  const made = call('keystore', 'new', '--out', keystore, '--password-file', password, '--light', '--json');
  assert.equal(made.code, 0, made.error);
  await chain.rpc('anvil_setBalance', made.said.address, '0x56bc75e2d63100000');
  return { keystore, password, address: made.said.address,
    pay: ['--rpc', chain.url, '--keystore', keystore, '--password-file', password, '--json'] };
}

test('keystore: new and address', async (t) => {
  const chain = await Chain.start(t);
  const { keystore, password, address } = await account(chain);
  assert.match(address, /^0x[0-9a-f]{40}$/);
  assert.equal(statSync(keystore).mode & 0o777, 0o600);
  assert.equal(cast('wallet', 'address', '--keystore', keystore, '--password', 'correct horse').toLowerCase(), address);
  assert.equal(call('keystore', 'address', '--keystore', keystore, '--password-file', password).said.trim(), address);
  assert.equal(call('keystore', 'new', '--out', keystore, '--password-file', password).code, 7, 'never overwritten');
  writeFileSync(join(chain.dir, 'wrong'), 'x\n', { mode: 0o600 });
  assert.equal(call('keystore', 'address', '--keystore', keystore, '--password-file', join(chain.dir, 'wrong')).code, 7);
  assert.equal(call('keystore').code, 2);
  assert.equal(call('keystore', 'new').code, 2);
  assert.match(call('keystore', '--help').said, /usage/);
});

test('deploy and send', async (t) => {
  const chain = await Chain.start(t);
  const me = await account(chain);
  const router = call('deploy', '--artifact', out('Router'), ...me.pay);
  assert.equal(router.code, 0, router.error);
  assert.equal(router.said.contract, 'Router');
  assert.equal(BigInt(await chain.view(router.said.address, 'owner()')), BigInt(me.address));
  const meters = call('deploy', '--artifact', out('EnergyMeters'), '--arg', `address:${router.said.address}`, '--arg', 'uint256:7', ...me.pay);
  assert.equal(meters.code, 0, meters.error);
  assert.equal(BigInt(await chain.view(meters.said.address, 'projectId()')), 7n);

  const send = (to, sig, ...args) => call('send', '--to', to, '--sig', sig, ...args.flatMap((a) => ['--arg', a]), ...me.pay);
  const sent = send(router.said.address, 'registerProject(uint256,address)', 'uint256:7', `address:${me.address}`);
  assert.equal(sent.code, 0, sent.error);
  assert.equal((await chain.rpc('eth_getTransactionReceipt', sent.said.transaction)).status, '0x1');
  assert.equal(BigInt(await chain.view(router.said.address, 'projectOwner(uint256)', 7)), BigInt(me.address));

  const paid = await chain.rpc('eth_getTransactionCount', me.address, 'latest');
  const again = send(router.said.address, 'registerProject(uint256,address)', 'uint256:7', `address:${me.address}`);
  assert.equal(again.code, 6);
  assert.match(again.error, /would revert: ProjectTaken\(7, 0x/);
  const wrong = [
    [['uint256:7']], // too few
    [['address:0x00', 'uint256:7']], // in another order
    [['uint256:x', `address:${me.address}`]],
  ];
  for (const [args] of wrong) assert.equal(send(router.said.address, 'registerProject(uint256,address)', ...args).code, 2, `${args}`);
  for (const sig of ['x', 'f(', 'f()x', '(uint256)', 'f(uint256,)', 'f((uint256))']) assert.equal(send(router.said.address, sig).code, 2, sig);
  assert.equal(send('0x1234', 'f()').code, 2);
  assert.equal(send(`0x${'12'.repeat(20)}`, 'f()').code, 6, 'no contract there');
  assert.equal(call('deploy', '--artifact', out('EnergyMeters'), ...me.pay).code, 2, 'arguments are missing');
  assert.equal(call('deploy', '--artifact', join(dir, 'none.json'), ...me.pay).code, 4);
  assert.equal(call('deploy', '--artifact', out('Router'), ...me.pay, '--bogus', '1').code, 2);
  const dear = call('deploy', '--artifact', out('Router'), ...me.pay, '--max-fee-gwei', '1');
  assert.ok(dear.code === 0 || (dear.code === 6 && /the cap is 1000000000/.test(dear.error)));
  const away = call('deploy', '--artifact', out('Router'), '--rpc', 'http://127.0.0.1:1/secret', '--keystore', me.keystore,
    '--password-file', me.password);
  assert.equal(away.code, 6);
  assert.ok(!away.error.includes('secret'));
  assert.equal(BigInt(await chain.rpc('eth_getTransactionCount', me.address, 'latest')), BigInt(paid) + (dear.code === 0 ? 1n : 0n));
});

test('verifiers of unfit keys go to local chains only', async (t) => {
  const local = await Chain.start(t);
  const other = await Chain.start(t, ['--chain-id', '5']);
  const vk = (name) => ['--vk', join(keys, `${name}.vk.json`)];
  const here = await account(local);
  const there = await account(other);
  const deploy = (name, who, ...extra) => call('deploy', '--artifact', out(name), ...who.pay, ...extra);
  assert.equal(deploy('DevVerifier', here, ...vk('dev')).code, 0);
  assert.equal(deploy('RawVerifier', here, ...vk('0')).code, 0);
  assert.equal(deploy('RealVerifier', here).code, 0);

  for (const [name, key] of [['DevVerifier', 'dev'], ['RawVerifier', '0']]) {
    const refused = deploy(name, there, ...vk(key));
    assert.equal(refused.code, 7, refused.error);
    assert.match(refused.error, /on chain 5/);
  }
  const hidden = deploy('DevVerifier', there);
  assert.equal(hidden.code, 7, 'a verifier must show its key');
  assert.match(hidden.error, /--vk/);
  const borrowed = deploy('DevVerifier', there, ...vk('real'));
  assert.equal(borrowed.code, 3, 'another key does not help');
  assert.equal(await other.rpc('eth_getTransactionCount', there.address, 'latest'), '0x0');
  const fit = deploy('RealVerifier', there, ...vk('real'));
  assert.equal(fit.code, 0, fit.error);
});
