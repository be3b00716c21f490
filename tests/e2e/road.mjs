// What the tests of the whole road share: a stack that is up, with data flowing, and what must be true at the end.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { application, repository } from '../tools/application.mjs';
import { Stack } from '../tools/stack.mjs';
import { until } from '../tools/process.mjs';

export const build = process.env.PROOFMILL_BUILD ?? join(repository, 'build', 'release');
export const bin = join(build, 'bin');
export const probe = join(build, 'tests', 'wire_probe');
export const readingsPerTask = 16;

/** Chain, contracts and coordinator are up; `meters` meters are registered. Removed after the test, unless it failed. */
export async function roadUp(t, { meters, workers = [], workerArgs = [], leases = {} }) {
  const cache = join(build, 'demo');
  mkdirSync(cache, { recursive: true });
  const files = await application(cache, bin);
  const stack = new Stack({ files, cache, dir: mkdtempSync(join(cache, 'e2e-')), bin });
  t.after(async () => {
    await stack.close();
    if (t.passed !== false) rmSync(stack.dir, { recursive: true, force: true });
  });
  await stack.startChain();
  await stack.deploy(meters);
  stack.writeProject();
  await stack.writeConfig({ leases });
  await stack.startCoordinator();
  for (const name of workers) await stack.startWorker(name, ['--threads', '1', ...workerArgs]);
  if (workers.length) await stack.nodesReady(workers.length);
  stack.paidBefore = await stack.paid();
  return stack;
}

/** Waits until `n` tasks are settled. A coordinator that is down for a moment is waited for. */
export function settled(stack, n, timeoutMs = 120000) {
  return until(`${n} tasks are settled (logs in ${stack.dir})`, async () => {
    const tasks = await stack.tasks();
    assert.equal(tasks.filter((task) => task.state === 'failed').length, 0, 'a task failed');
    return tasks.length === n && tasks.every((task) => task.state === 'settled') && tasks;
  }, timeoutMs, 200);
}

/** Every task settled once: one DataProcessed(success) each, no second paid transaction, and the contract agrees. */
export async function exactlyOnce(stack, tasks) {
  const processed = await stack.processed();
  assert.equal(processed.filter((p) => p.success).length, tasks.length, 'one DataProcessed(success) per task');
  assert.equal(processed.length, tasks.length, 'no failed DataProcessed');
  assert.equal(await stack.paid() - stack.paidBefore, tasks.length, 'one paid transaction per task');
  for (const task of tasks) assert.ok(await stack.isSettled(task.id), `${task.id} is settled on-chain`);
}
