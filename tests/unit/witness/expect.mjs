// Inputs for every circuit, and what snarkjs makes of them: OUT/<circuit>.<number>.json, and .wtns beside it unless
// snarkjs refuses the input. For snarkjs.c.
//   node expect.mjs CIRCUITS OUT
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as snarkjs from 'snarkjs';
import { Meter, batchInput } from '../../tools/meter.mjs';

const [circuits, out] = process.argv.slice(2);
const r = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
const big = String(r * r * 12345n + 678n);

const bits = (bytes) => [...bytes].flatMap((b) => [7, 6, 5, 4, 3, 2, 1, 0].map((i) => (b >> i) & 1));
const shapes = (one, list, matrix) => ({ one, list, matrix });

async function meterInputs() {
  const meter = await Meter.open('expect', 3);
  const readings = Array.from({ length: 64 }, () => meter.read());
  const good = [0, 16, 48].map((at) => batchInput(readings.slice(at, at + 16), (1n << 247n) + BigInt(at)));
  return [...good, { ...good[0], sigS: '1' }, { ...good[0], wh: good[0].wh.map(() => '4294967296') }];
}

const inputs = {
  multiplier: [
    { a: 3, b: 11 }, { a: '3', b: '0x0b' }, { a: -1, b: '-7' }, { a: String(r - 1n), b: String(r + 5n) },
    { a: big, b: `-${big}` }, { a: `0x${(r * 3n + 2n).toString(16)}`, b: '0' }, { a: [[9]], b: [['8']] },
    { a: true, b: false }, { a: 2 ** 31, b: -(2 ** 31) }, { a: 2 ** 32 + 1, b: 2 ** 53 - 1 }, { a: 3 },
    { a: 3, b: 4, c: 5 }, { a: [1, 2], b: 3 }, { a: 'x', b: 3 }, { a: 1.5, b: 3 }, { a: null, b: 3 }, {},
  ],
  multiplier_bls: [{ a: 3, b: 11 }, { a: -1, b: '-7' }, { a: String(r - 1n), b: String(r + 5n) }, { a: big, b: big }],
  shapes: [
    shapes(5, [1, 2, 3], [[1, 2, 3], [4, 5, 6]]), shapes('0', ['0', '0', '0'], [[0, 0, 0], [0, 0, 0]]),
    shapes(-3, [-1, big, '0xff'], [[1, 2, 3], [4, 5, 6]]), shapes(5, [[1], [2, 3]], [1, 2, 3, 4, 5, 6]),
    shapes(1000, [0, 0, 0], [0, 0, 0, 0, 0, 0]), shapes(5, [1, 2], [[1, 2, 3], [4, 5, 6]]),
    shapes(5, [1, 2, 3, 4], [[1, 2, 3], [4, 5, 6]]), shapes(5, [1, 2, 3], [[1, 2, 3], [4, 5]]),
  ],
  merkle: [
    { leaf: '7', siblings: Array.from({ length: 16 }, (_, i) => String(i * i + 1)), right: Array(16).fill(0) },
    { leaf: big, siblings: Array.from({ length: 16 }, (_, i) => `-${i}${big}`), right: Array(16).fill(0).map((_, i) => i % 2) },
    { leaf: '7', siblings: Array(16).fill(1), right: Array(16).fill(2) },
  ],
  sha256: [{ in: bits(Buffer.from('proofmil')) }, { in: bits(Buffer.alloc(8, 255)) }, { in: Array(64).fill(2) }],
  meter_batch: await meterInputs(),
};

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
// snarkjs tells of refusals on the console, too.
console.error = console.log = () => {};
for (const [name, list] of Object.entries(inputs)) {
  for (const [i, input] of list.entries()) {
    const stem = join(out, `${name}.${i}`);
    writeFileSync(`${stem}.json`, JSON.stringify(input));
    try {
      // As the command line does: through the text.
      await snarkjs.wtns.calculate(JSON.parse(JSON.stringify(input)), join(circuits, name, `${name}.wasm`), `${stem}.wtns`);
    } catch {
      rmSync(`${stem}.wtns`, { force: true });
    }
  }
}
process.exit(0);
