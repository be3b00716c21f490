// What takes longer than a test suite may: many tasks while workers and the coordinator are killed at random.
// PROOFMILL_SOAK_TASKS per meter (default 25) and PROOFMILL_SOAK_SEED; the seed is printed, and replays the kills.
import { test } from 'node:test';
import { sleep } from '../tools/process.mjs';
import { exactlyOnce, readingsPerTask, roadUp, settled } from './road.mjs';

const seed = Number(process.env.PROOFMILL_SOAK_SEED ?? Date.now() % 1e9);
let state = seed;
function random(n) {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return Math.floor((state / 0x80000000) * n);
}

test(`random kills, seed ${seed}: every task settles exactly once`, async (t) => {
  console.log(`seed ${seed}`);
  const meters = 4;
  const each = Number(process.env.PROOFMILL_SOAK_TASKS ?? 25);
  const stack = await roadUp(t, { meters, workers: ['mill-1', 'mill-2'] });
  let killing = true;
  const kills = { worker: 0, coordinator: 0 };
  const killer = (async () => {
    while (killing) {
      await sleep(500 + random(4000));
      if (!killing) break;
      if (random(3) === 0) {
        await stack.killCoordinator();
        await stack.startCoordinator();
        kills.coordinator++;
      } else {
        const name = `mill-${1 + random(2)}`;
        await stack.workers.get(name).kill();
        await stack.startWorker(name, ['--threads', '1']);
        kills.worker++;
      }
    }
  })();
  for (let i = 0; i < each; i++) {
    stack.feed(meters, readingsPerTask);
    await sleep(random(1500));
  }
  const tasks = await settled(stack, meters * each, 3600000);
  killing = false;
  await killer;
  await exactlyOnce(stack, tasks);
  console.log(`${tasks.length} tasks settled once each; ${kills.worker} workers and ${kills.coordinator} coordinators killed`);
});
