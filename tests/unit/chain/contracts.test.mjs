// Router and EnergyMeters on a real EVM, with the verifier of a real key: every refusal by its error, and what is accepted.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { application, repository } from '../../tools/application.mjs';
import { prove, rerandomise } from '../../tools/groth16.mjs';
import { Meter, batchInput } from '../../tools/meter.mjs';
import { Chain, artifact, bin, build, cast, contracts } from './chain.mjs';

const zero = `0x${'0'.repeat(40)}`;
const field = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
let dir, files, cache;

before(async () => {
  dir = contracts(join(repository, 'tests', 'unit', 'chain', 'contracts', 'TestApp.sol'));
  cache = join(build, 'demo'); // shared with the tests of the whole road, which run alone
  files = await application(cache, bin);
});

/** The call reverts with this error and nothing else. */
async function reverts(promise, error) {
  await assert.rejects(promise, (e) => {
    assert.equal(e.data?.slice(0, 10), cast('sig', error), `${error}, not ${e.data ?? e.message}`);
    return true;
  });
}

const dataProcessed = () => cast('keccak', 'DataProcessed(uint256,uint256,address,bool,bytes)');
async function processed(receipt) {
  const logs = receipt.logs.filter((log) => log.topics[0] === dataProcessed());
  assert.equal(logs.length, 1);
  const data = logs[0].data.slice(2);
  const length = Number(BigInt(`0x${data.slice(128, 192)}`));
  return { topics: logs[0].topics, success: BigInt(`0x${data.slice(0, 64)}`) === 1n, reason: `0x${data.slice(192, 192 + 2 * length)}` };
}

test('the coordinator names every error of these contracts', () => {
  const listed = [...readFileSync(join(repository, 'coordinator', 'chain', 'revert_errors.def'), 'utf8')
    .matchAll(/REVERT_ERROR\("([^"]+)"\)/g)].map((m) => m[1]).sort();
  const errors = ['Router', 'EnergyMeters'].flatMap((name) => artifact(dir, name).abi.filter((e) => e.type === 'error')
    .map((e) => `${e.name}(${e.inputs.map((i) => i.type)})`));
  assert.deepEqual(listed, [...new Set(errors)].sort());
});

test('the build is deterministic, and small enough for a chain', () => {
  const first = readFileSync(join(dir, 'Router.json'), 'utf8');
  contracts();
  assert.equal(readFileSync(join(dir, 'Router.json'), 'utf8'), first);
  for (const name of ['Router', 'EnergyMeters']) assert.ok(artifact(dir, name).deployedBytecode.length / 2 < 24576);
});

test('router: who may do what', async (t) => {
  const chain = await Chain.start(t);
  const [owner, projectOwner, operator, stranger] = chain.accounts;
  const router = await chain.deploy(artifact(dir, 'Router'));
  const app = await chain.deploy(artifact(dir, 'TestApp'), 'constructor(address)', router);
  const register = (from, id, to) => chain.send(from, router, 'registerProject(uint256,address)', id, to);
  await reverts(register(stranger, 1, stranger), 'NotOwner(address)');
  await reverts(register(owner, 1, zero), 'ZeroAddress()');
  await register(owner, 1, projectOwner);
  await reverts(register(owner, 1, stranger), 'ProjectTaken(uint256,address)');
  assert.equal(BigInt(await chain.view(router, 'projectOwner(uint256)', 1)), BigInt(projectOwner));

  const bind = (from, dapp) => chain.send(from, router, 'bindDapp(uint256,address)', 1, dapp);
  await reverts(bind(owner, app), 'NotProjectOwner(uint256,address)'); // not even the router's owner
  await reverts(bind(projectOwner, stranger), 'NoCode(address)');
  const route = (from, data = '0x') => chain.send(from, router, 'route(uint256,uint256,string,bytes)', 1, 5, 'me', data);
  await reverts(route(operator), 'NotOperator(uint256,address)');
  await reverts(chain.send(stranger, router, 'setOperator(uint256,address,bool)', 1, stranger, true), 'NotProjectOwner(uint256,address)');
  await reverts(chain.send(stranger, router, 'setMinimumGas(uint256,uint64)', 1, 1), 'NotProjectOwner(uint256,address)');
  await chain.send(projectOwner, router, 'setOperator(uint256,address,bool)', 1, operator, true);
  await reverts(route(operator), 'NoDapp(uint256)');
  await bind(projectOwner, app);
  assert.equal(BigInt(await chain.view(router, 'dapp(uint256)', 1)), BigInt(app));
  await reverts(route(stranger), 'NotOperator(uint256,address)');
  assert.equal((await processed(await route(operator))).success, false); // no data: the application cannot decode it

  await chain.send(projectOwner, router, 'unbindDapp(uint256)', 1);
  await reverts(route(operator), 'NoDapp(uint256)');
  await reverts(chain.send(stranger, router, 'unbindDapp(uint256)', 1), 'NotProjectOwner(uint256,address)');
  await bind(projectOwner, app);
  await chain.rpc('anvil_setCode', app, '0x');
  await reverts(route(operator), 'NoCode(address)');
  await chain.send(projectOwner, router, 'setOperator(uint256,address,bool)', 1, operator, false);
  await reverts(route(operator), 'NotOperator(uint256,address)');
});

test('router: every revert of the application is caught, cut and paid by no more than its gas', async (t) => {
  const chain = await Chain.start(t);
  const [owner] = chain.accounts;
  const router = await chain.deploy(artifact(dir, 'Router'));
  const app = await chain.deploy(artifact(dir, 'TestApp'), 'constructor(address)', router);
  await chain.send(owner, router, 'registerProject(uint256,address)', 1, owner);
  await chain.send(owner, router, 'bindDapp(uint256,address)', 1, app);
  await chain.send(owner, router, 'setOperator(uint256,address,bool)', 1, owner, true);
  const word = (v) => BigInt(v).toString(16).padStart(64, '0');
  const data = (task, previous, next) => cast('abi-encode', 'f(bytes32,string,uint256[2],uint256[2][2],uint256[2],uint256[3])',
    `0x${word(task)}`, '1', '[1,2]', '[[1,2],[3,4]]', '[1,2]', `[9,${previous},${next}]`);
  const route = (d, gas = '0x7a1200') => chain.transact({ from: owner, to: router, gas,
    data: cast('calldata', 'route(uint256,uint256,string,bytes)', 1, 5, 'me', d) });
  const good = await route(data(1, 0, 1));
  const event = await processed(good);
  assert.deepEqual([event.success, event.reason], [true, '0x']);
  assert.deepEqual(event.topics.slice(1).map(BigInt), [1n, 5n, BigInt(owner)]);

  const expected = {
    1: cast('calldata', 'Error(string)', 'the application said no'),
    2: cast('calldata', 'Panic(uint256)', 1),
    3: cast('calldata', 'Refused(uint256,string)', 42, 'custom'),
    4: '0x',
    5: '0x', // out of gas
    6: null, // a bomb of 100,000 bytes
  };
  for (const [mode, reason] of Object.entries(expected)) {
    await chain.send(owner, app, 'setMode(uint8)', mode);
    const receipt = await route(data(2, 1, 2), '0x493e0'); // 300,000
    const said = await processed(receipt);
    assert.equal(receipt.status, '0x1', `mode ${mode}`);
    assert.equal(said.success, false, `mode ${mode}`);
    if (reason === null) assert.equal(said.reason.length, 2 + 2 * 1024, 'cut');
    else assert.equal(said.reason, reason, `mode ${mode}`);
    assert.equal(BigInt(await chain.view(app, 'last(uint256)', 9)), 1n, 'a failed call consumes nothing');
  }
  await chain.send(owner, app, 'setMode(uint8)', 0);
  assert.ok((await processed(await route(data(2, 1, 2)))).success);

  // Starvation: with the declared minimum a poor transaction reverts as a whole, and never turns a good result away.
  const needed = Number(good.gasUsed);
  await chain.send(owner, router, 'setMinimumGas(uint256,uint64)', 1, needed);
  for (let gas = needed - 40000; gas < needed + 140000; gas += 15000) {
    const snapshot = await chain.rpc('evm_snapshot');
    try {
      const receipt = await route(data(3, 2, 3), `0x${gas.toString(16)}`);
      assert.ok((await processed(receipt)).success, `with ${gas} gas`);
    } catch (e) {
      const text = `${e.message} ${e.data}`;
      assert.ok(text.includes(cast('sig', 'NotEnoughGas(uint256,uint256)')) || /gas/i.test(text), text);
    }
    await chain.rpc('evm_revert', snapshot);
  }
  assert.ok((await processed(await route(data(3, 2, 3)))).success);
});

test('energy meters: every refusal, and what is accepted', async (t) => {
  const chain = await Chain.start(t);
  const [owner, stranger] = chain.accounts;
  const router = stranger; // an account stands for the router, so that process can be called with anything
  const app = await chain.deploy(artifact(files.contracts, 'EnergyMeters'), 'constructor(address,uint256)', router, 1);
  const verifier = await chain.deploy(artifact(files.contracts, 'MeterVerifier'));
  await reverts(chain.deploy(artifact(files.contracts, 'EnergyMeters'), 'constructor(address,uint256)', zero, 1), 'ZeroAddress()');

  const meter = await Meter.open('contracts', 1);
  const setVerifier = (from, to, version = '1.0') => chain.send(from, app, 'setVerifier(string,address)', version, to);
  await reverts(setVerifier(stranger, verifier), 'NotOwner(address)');
  await reverts(setVerifier(owner, stranger), 'NoCode(address)');
  const register = (from, m, x, y) => chain.send(from, app, 'registerMeter(uint256,uint256,uint256)', m, x, y);
  await reverts(register(stranger, 1, meter.keyX, meter.keyY), 'NotOwner(address)');
  await reverts(register(owner, field, meter.keyX, meter.keyY), 'InvalidMeter(uint256)');
  await reverts(register(owner, 1, 0, 1), 'InvalidMeter(uint256)'); // the neutral element: anybody's signature
  await reverts(register(owner, 1, field, 1), 'InvalidMeter(uint256)');
  await register(owner, 1, meter.keyX, meter.keyY);
  await reverts(register(owner, 1, meter.keyX, meter.keyY), 'MeterTaken(uint256)');

  const task = (n) => `0x${n.toString(16).padStart(64, '0')}`;
  const domain = async (n) => BigInt(await chain.view(app, 'domainOf(string,bytes32)', '1.0', task(n)));
  const encode = (n, { proof, signals }, version = '1.0') => {
    const flip = ([x, y]) => `[${x[1]},${x[0]}],[${y[1]},${y[0]}]`; // EIP-197: imaginary parts first
    return cast('abi-encode', 'f(bytes32,string,uint256[2],uint256[2][2],uint256[2],uint256[9])', task(n), version,
      `[${proof.pi_a.slice(0, 2)}]`, `[${flip(proof.pi_b)}]`, `[${proof.pi_c.slice(0, 2)}]`, `[${signals}]`);
  };
  const process = (from, data, project = 1) => chain.send(from, app, 'process(uint256,uint256,string,bytes)', project, 5, 'me', data);
  const proveFor = async (n, readings) => prove(bin, files, join(cache, 'native'), batchInput(readings, await domain(n)));
  const sixteen = (m) => Array.from({ length: 16 }, () => m.read());

  // The domain, computed apart: chain, application, project, version, task.
  const encoded = cast('abi-encode', 'f(uint256,address,uint256,bytes32,bytes32)', 31337, app, 1, cast('keccak', '1.0'), task(1));
  assert.equal(await domain(1), BigInt(cast('keccak', encoded)) >> 8n);

  const first = await proveFor(1, sixteen(meter));
  const with_ = (index, value) => ({ ...first, signals: first.signals.map((s, i) => (i === index ? String(value) : s)) });
  await reverts(process(router, encode(1, first)), 'UnknownVersion(string)');
  await setVerifier(owner, verifier);
  await reverts(process(owner, encode(1, first)), 'NotRouter(address)');
  await reverts(process(router, encode(1, first), 2), 'WrongProject(uint256)');
  await reverts(process(router, encode(1, first, '1.1')), 'UnknownVersion(string)');
  await reverts(process(router, encode(1, with_(4, 2))), 'UnknownMeter(uint256)');
  await reverts(process(router, encode(1, with_(5, 7))), 'WrongKey(uint256,uint256,uint256)');
  await reverts(process(router, encode(1, with_(6, 7))), 'WrongKey(uint256,uint256,uint256)');
  await reverts(process(router, encode(1, with_(7, 7))), 'WrongHead(uint256,uint256,uint256)');
  await reverts(process(router, encode(1, with_(8, 7))), 'WrongCounter(uint256,uint256,uint256)');
  await reverts(process(router, encode(2, first)), 'WrongDomain(uint256,uint256)'); // another task
  await reverts(process(router, encode(1, with_(3, 7))), 'WrongDomain(uint256,uint256)');
  for (const i of [0, 1, 2]) {
    await reverts(process(router, encode(1, with_(i, BigInt(first.signals[i]) + field))), 'NotCanonical(uint256)');
    await reverts(process(router, encode(1, with_(i, BigInt(first.signals[i]) + 1n))), 'InvalidProof(bytes32)');
  }
  const bent = { ...first, proof: { ...first.proof, pi_c: first.proof.pi_a } };
  await reverts(process(router, encode(1, bent)), 'InvalidProof(bytes32)');
  const off = { ...first, proof: { ...first.proof, pi_a: ['1', '3', '1'] } }; // off the curve
  await reverts(process(router, encode(1, off)), 'InvalidProof(bytes32)');
  await assert.rejects(process(router, encode(1, first).slice(0, -64))); // cut data

  assert.equal(BigInt(await chain.view(app, 'settled(bytes32)', task(1))), 0n);
  await process(router, encode(1, first));
  const view = async (name, ...args) => BigInt(await chain.view(app, name, ...args));
  assert.equal(await view('settled(bytes32)', task(1)), 1n);
  assert.equal(await view('lastHead(uint256)', 1), BigInt(first.signals[0]));
  assert.equal(await view('totals(uint256)', 1), BigInt(first.signals[1]));
  assert.equal(await view('lastCounter(uint256)', 1), BigInt(first.signals[2]));

  // Nothing is keyed on proof bytes: the same statement again, as it is or re-randomised, counts once.
  await reverts(process(router, encode(1, first)), 'AlreadySettled(bytes32)');
  await reverts(process(router, encode(1, { ...first, proof: await rerandomise(first.proof) })), 'AlreadySettled(bytes32)');
  const second = await proveFor(2, sixteen(meter));
  await process(router, encode(2, { ...second, proof: await rerandomise(second.proof) }));
  assert.equal(await view('totals(uint256)', 1), BigInt(first.signals[1]) + BigInt(second.signals[1]));

  await setVerifier(owner, zero);
  await reverts(process(router, encode(3, second)), 'UnknownVersion(string)');
});
