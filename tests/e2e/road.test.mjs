// The whole road: data in, verified proofs on-chain; with a worker and a coordinator killed on the way.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { run, sleep, until } from '../tools/process.mjs';
import { bin, exactlyOnce, readingsPerTask, roadUp, settled } from './road.mjs';
import { join } from 'node:path';

test('readings of two meters settle, each task once, and can be explained', async (t) => {
  const stack = await roadUp(t, { meters: 2, workers: ['mill-1', 'mill-2'] });
  stack.feed(2, 2 * readingsPerTask + 5); // five readings of each meter are no whole task and wait
  const tasks = await settled(stack, 4);
  await exactlyOnce(stack, tasks);
  assert.ok(tasks.every((task) => task.n_messages === readingsPerTask));

  const json = (...args) => JSON.parse(run(join(bin, 'proofmill'), [...args, '--url', stack.url, '--json']));
  const explained = json('explain', tasks[0].id.slice(0, 20));
  assert.equal(explained.id, tasks[0].id);
  assert.deepEqual(explained.history.map((h) => h.to),
    ['packed', 'dispatched', 'checking', 'proved', 'submitted', 'settled']);
  assert.equal(explained.messages.length, readingsPerTask);
  assert.equal(explained.transactions.length, 1);
  const nodes = json('nodes').nodes;
  assert.equal(nodes.reduce((sum, node) => sum + node.proofs, 0), 4);
  assert.equal(json('tasks', '--state', 'settled').tasks.length, 4);

  // What scripts see of a mistake.
  const fails = (code, status, pattern, input, ...args) => {
    const r = spawnSync(join(bin, 'proofmill'), [...args, '--url', stack.url, '--json'], { encoding: 'utf8', input });
    const said = JSON.parse(r.stdout);
    assert.deepEqual([r.status, said.ok, said.status], [code, false, status], r.stderr);
    assert.match(said.message, pattern);
  };
  fails(4, 'NOT_FOUND', /begin with "0x00000000"/, '', 'explain', '0x00000000');
  fails(4, 'NOT_FOUND', new RegExp('7'.repeat(64)), '', 'explain', `0x${'7'.repeat(64)}`);
  fails(4, 'NOT_FOUND', /999/, '{}\n', 'submit', '999', '-');
  fails(3, 'FORMAT', /state/, '', 'tasks', '--state', 'asleep');
  const late = JSON.stringify(stack.readingsOf(1)[0]); // known already: accepted, and not new
  fails(3, 'FORMAT', /line 1: .*"\/meter"|line 1: .*\/\w+/, '{}\n', 'submit', '1', '-');
  fails(3, 'FORMAT', /1 lines are no messages, 1 were accepted; line 2: /, `${late}\n{}\n`, 'submit', '1', '-');

  const metrics = await (await fetch(`${stack.url}/metrics`)).text();
  assert.match(metrics, /^proofmill_tasks\{[^}]*state="settled"[^}]*\} 4$/m);
  assert.equal((await fetch(`${stack.url}/live`)).status, 200);

  // The sums on-chain are those of the readings.
  for (const meter of [1, 2]) {
    const settledReadings = stack.readingsOf(meter).slice(0, 2 * readingsPerTask);
    const total = settledReadings.reduce((sum, r) => sum + BigInt(r.wh), 0n);
    assert.equal(await stack.totalOnChain(meter), total, `total of meter ${meter}`);
  }
});

test('messages handed in over HTTP by the command line settle too', async (t) => {
  const stack = await roadUp(t, { meters: 1, workers: ['mill-1'] });
  const lines = stack.simulate(1, readingsPerTask);
  run(join(bin, 'proofmill'), ['submit', '1', '-', '--url', stack.url], { input: lines });
  await exactlyOnce(stack, await settled(stack, 1));
});

test('a project that changes is read again on HUP, with work in hand, and its new version settles', async (t) => {
  const stack = await roadUp(t, { meters: 1, workers: ['mill-1'] });
  stack.send(stack.application, 'setVerifier(string,address)', 'string:1.1', `address:${stack.verifier}`);
  stack.paidBefore = await stack.paid();
  stack.feed(1, readingsPerTask);
  await until('a task is packed', async () => (await stack.tasks()).length === 1);
  const project = JSON.parse(readFileSync(stack.project, 'utf8'));
  project.versions.push({ ...project.versions[0], version: '1.1' });
  project.defaultVersion = '1.1';
  writeFileSync(stack.project, JSON.stringify(project));
  stack.coordinator.process.kill('SIGHUP');
  await until('the new version is there', async () => (await stack.api('/v1/projects/1')).versions?.length === 2);
  stack.feed(1, readingsPerTask);
  const tasks = await settled(stack, 2);
  await exactlyOnce(stack, tasks);
  assert.deepEqual(tasks.map((task) => task.version).sort(), ['1.0', '1.1']);
  assert.equal(stack.coordinator.ended, undefined, 'it is the same process');
});

/** Stops a worker between a task's witness and its proof, as its log tells; its name and the task's first digits. */
async function stopInMidProof(stack) {
  const proving = (name) => {
    const said = stack.log(name);
    const witnessed = [...said.matchAll(/task (\w+) lease \d+: fetch/g)].map((m) => m[1]);
    return witnessed.find((id) => !new RegExp(`task ${id} lease \\d+: proof`).test(said));
  };
  return until('a worker is in mid-proof', async () => {
    for (const [name, worker] of stack.workers) {
      if (!proving(name)) continue;
      worker.process.kill('SIGSTOP');
      await sleep(200); // what it said before is in its log by now
      const task = proving(name);
      if (task) return [name, task];
      worker.process.kill('SIGCONT');
    }
    return null;
  }, 60000, 2);
}

test('kill -9 of a worker in mid-proof: its task settles through the other', async (t) => {
  const stack = await roadUp(t, { meters: 2, workers: ['mill-1', 'mill-2'], workerArgs: ['--no-supervisor'] });
  stack.feed(2, 3 * readingsPerTask);
  const [victim, short] = await stopInMidProof(stack);
  await stack.workers.get(victim).kill();
  const tasks = await settled(stack, 6);
  await exactlyOnce(stack, tasks);
  const task = await stack.api(`/v1/tasks/${tasks.find((each) => each.id.startsWith(`0x${short}`)).id}`);
  assert.notEqual(task.node_name, victim);
  assert.equal(task.attempts, 2);
  assert.equal(task.history.filter((h) => h.to === 'packed').length, 2, 'packed, and given back once');
});

test('kill -9 of the coordinator, again and again: every task settles exactly once', async (t) => {
  const stack = await roadUp(t, { meters: 2, workers: ['mill-1', 'mill-2'] });
  stack.feed(2, 3 * readingsPerTask);
  for (const pause of [150, 400, 700, 1000, 1300, 300]) {
    await sleep(pause);
    await stack.killCoordinator();
    await stack.startCoordinator();
  }
  await exactlyOnce(stack, await settled(stack, 6));
});
