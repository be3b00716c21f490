// Workers that cheat: refused by the coordinator, and, where they go to the chain themselves, by the contracts.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Meter, batchInput } from '../tools/meter.mjs';
import { prove, rerandomise } from '../tools/groth16.mjs';
import { Probe } from '../tools/probe.mjs';
import { run } from '../tools/process.mjs';
import { cast } from '../tools/stack.mjs';
import { bin, exactlyOnce, probe, readingsPerTask, roadUp, settled } from './road.mjs';

const attacker = '0x00000000000000000000000000000000000a77ac';

/** A node that the pool knows, with one slot, logged in. */
async function hostile(t, stack, name) {
  const keyfile = join(stack.dir, `${name}.key`);
  stack.permit(Probe.permitLine(probe, keyfile, name));
  const node = new Probe(probe, stack.join, keyfile, name, 1);
  t.after(() => node.close());
  await node.next('WELCOME');
  return node;
}

/** Answers a TASK with {proof, signals}; what the coordinator says to it. */
async function answer(node, task, { proof, signals }, lease = task.lease) {
  node.send({ kind: 'RESULT', task: task.task, lease, proof_type: 'groth16/json', proof: JSON.stringify(proof),
    public_signals: JSON.stringify(signals), witness_ms: 1, prove_ms: 1 });
  return node.next('DONE', (m) => m.lease === lease);
}

async function fakeReadings(seed) {
  const meter = await Meter.open(seed, 1);
  return Array.from({ length: readingsPerTask }, () => meter.read());
}

test('results that are not the task\'s own proof are refused by the coordinator, and the task settles through another', async (t) => {
  const stack = await roadUp(t, { meters: 1, leases: { max_attempts: 20 } });
  const cache = join(stack.cache, 'native');
  const node = await hostile(t, stack, 'mallory');

  // An older task of the same meter is settled by an honest node first: its proof is the one to copy.
  await stack.startWorker('mill-1', ['--threads', '1']);
  await stack.nodesReady(2);
  node.send({ kind: 'BYE', text: 'only the honest one is here' });
  stack.feed(1, readingsPerTask);
  const [old] = await settled(stack, 1);
  const oldProof = (await stack.api(`/v1/tasks/${old.id}`)).proofs[0];
  const copied = { proof: oldProof.proof, signals: oldProof.public_signals };
  const honest = stack.workers.get('mill-1');
  await honest.stop();

  const evil = await hostile(t, stack, 'eve');
  stack.feed(1, readingsPerTask);
  const refusals = [
    ['a re-randomised proof of a task that is settled, without a lease', async (task) => {
      const forged = { ...copied, proof: await rerandomise(copied.proof) };
      evil.send({ kind: 'RESULT', task: old.id.slice(2), lease: task.lease, proof_type: 'groth16/json',
        proof: JSON.stringify(forged.proof), public_signals: JSON.stringify(forged.signals) });
      return evil.next('DONE', (m) => m.task === old.id.slice(2));
    }],
    ['an older task\'s proof', (task) => answer(evil, task, copied)],
    ['invented readings, signed by a key of the worker\'s own', async (task) => {
      const input = JSON.parse(task.input);
      return answer(evil, task, prove(bin, stack.files, cache, batchInput(await fakeReadings('eve'), input.domain)));
    }],
    ['the right readings for another chain', (task) => {
      const input = { ...JSON.parse(task.input), domain: '12345' };
      return answer(evil, task, prove(bin, stack.files, cache, input));
    }],
    ['signals of the task beside a proof of something else', (task) => {
      const honestSignals = prove(bin, stack.files, cache, JSON.parse(task.input)).signals;
      return answer(evil, task, { proof: copied.proof, signals: honestSignals });
    }],
    ['no proof at all', (task) => answer(evil, task, { proof: { pi_a: 'x' }, signals: [] })],
  ];
  let granted = 1;
  let task;
  for (const [what, cheat] of refusals) {
    task ??= await evil.next('TASK');
    const before = task;
    const said = await cheat(task);
    assert.equal(said.accepted, false, what);
    assert.ok(said.text.length > 10, `${what}: a reason is given`);
    t.diagnostic(`${what}: ${said.text}`);
    if (said.lease === before.lease && said.task === before.task) {
      task = null;
      evil.send({ kind: 'CREDIT', granted: ++granted });
    }
  }
  await evil.close();
  await stack.startWorker('mill-1', ['--threads', '1']);
  await exactlyOnce(stack, await settled(stack, 2));
  const eve = (await stack.api('/v1/nodes')).nodes.find((n) => n.name === 'eve');
  assert.equal(eve.proofs, 0);
});

test('the contracts refuse the same, called directly', async (t) => {
  const stack = await roadUp(t, { meters: 1, workers: ['mill-1'] });
  const cache = join(stack.cache, 'native');
  stack.feed(1, readingsPerTask);
  const [task] = await settled(stack, 1);
  const row = (await stack.api(`/v1/tasks/${task.id}`)).proofs[0];
  const settledBefore = await stack.paid();

  const data = (taskId, { proof, signals }) => {
    const flip = ([x, y]) => `[${x[1]},${x[0]}],[${y[1]},${y[0]}]`; // EIP-197: imaginary parts first
    return run(cast, ['abi-encode', 'f(bytes32,string,uint256[2],uint256[2][2],uint256[2],uint256[9])', taskId, '1.0',
      `[${proof.pi_a.slice(0, 2)}]`, `[${flip(proof.pi_b)}]`, `[${proof.pi_c.slice(0, 2)}]`, `[${signals}]`]).trim();
  };
  const refused = async (what, from, to, calldata, error) => {
    try {
      await stack.rpc('eth_call', { from, to, data: calldata }, 'latest');
    } catch (e) {
      const selector = run(cast, ['sig', error]).trim();
      assert.equal(e.data?.slice(0, 10), selector, `${what}: refused as ${error}, not ${e.data ?? e.message}`);
      return;
    }
    assert.fail(`${what}: was not refused`);
  };
  const process = (d) => run(cast, ['calldata', 'process(uint256,uint256,string,bytes)', '1', '1', 'energy-meters', d]).trim();
  const route = (d) => run(cast, ['calldata', 'route(uint256,uint256,string,bytes)', '1', '1', 'energy-meters', d]).trim();
  const valid = { proof: row.proof, signals: row.public_signals };
  const wrongHead = 'WrongHead(uint256,uint256,uint256)';
  const again = data(task.id, { ...valid, proof: await rerandomise(valid.proof) });
  const { router, application } = stack;

  await refused('process, not by the router', attacker, application, process(again), 'NotRouter(address)');
  await refused('route, not by the operator', attacker, router, route(again), 'NotOperator(uint256,address)');
  await refused('a re-randomised proof of a settled task', router, application, process(again), 'AlreadySettled(bytes32)');

  const other = `0x${'5a'.repeat(32)}`;
  await refused('a settled proof for another task', router, application, process(data(other, valid)), wrongHead);

  const next = await Meter.open('demo', 1, { head: row.public_signals[0], counter: row.public_signals[2] });
  const readings = Array.from({ length: readingsPerTask }, () => next.read());
  const otherChain = prove(bin, stack.files, cache, batchInput(readings, '12345'));
  await refused('a proof for another chain', router, application, process(data(other, otherChain)), 'WrongDomain(uint256,uint256)');

  const domain = stack.domain(other);
  const invented = prove(bin, stack.files, cache, batchInput(await fakeReadings('eve'), domain));
  await refused('invented readings', router, application, process(data(other, invented)), 'WrongKey(uint256,uint256,uint256)');

  const replayed = prove(bin, stack.files, cache, batchInput(stack.readingsOf(1).slice(0, readingsPerTask), domain));
  await refused('readings that were settled already', router, application, process(data(other, replayed)), wrongHead);

  const good = prove(bin, stack.files, cache, batchInput(readings, domain));
  const wrong = { proof: valid.proof, signals: good.signals };
  await refused('a proof of something else', router, application, process(data(other, wrong)), 'InvalidProof(bytes32)');
  await stack.rpc('eth_call', { from: router, to: application, data: process(data(other, good)) }, 'latest'); // and this passes
  assert.equal(await stack.paid(), settledBefore);
});
