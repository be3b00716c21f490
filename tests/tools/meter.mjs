// Energy meters as the circuit meter_batch knows them: keys, the Poseidon chain of readings, signatures, and the
// circuit's input for a batch. Everything follows from a seed. For tests and the demo: the keys are no secrets.
// Used by meter-sim.mjs (which writes readings to files) and by tests.
import { createHash } from 'node:crypto';
import { buildEddsa, buildPoseidon } from 'circomlibjs';
import { publicKey, sign } from './babyjub.mjs';

export const GENESIS = { head: 0n, counter: 0n };

let poseidon;
let eddsaVerifier;
async function loadHash() {
  poseidon ??= buildPoseidon().then((f) => (values) => f.F.toObject(f(values)));
  return poseidon;
}

function digest(...parts) {
  return createHash('sha512').update(parts.map((p) => `${String(p).length}:${p}`).join('')).digest();
}

const number = (bytes) => BigInt(`0x${bytes.toString('hex')}`);

// The chain's next head: Poseidon(head, meter, counter, wh).
export async function nextHead(head, meter, counter, wh) {
  return (await loadHash())([head, meter, counter, wh].map(BigInt));
}

// Whether a reading's signature is one of its key over its head, by circomlib's own verifier.
export async function verifyReading(r) {
  const eddsa = await (eddsaVerifier ??= buildEddsa());
  const { F } = eddsa;
  const signature = { R8: [F.e(BigInt(r.sig.R8x)), F.e(BigInt(r.sig.R8y))], S: BigInt(r.sig.S) };
  return eddsa.verifyPoseidon(F.e(BigInt(r.head)), signature, [F.e(BigInt(r.keyX)), F.e(BigInt(r.keyY))]);
}

export class Meter {
  // state: { head, counter } of the last reading, for a chain that goes on.
  static async open(seed, id, state = GENESIS) {
    const meter = new Meter();
    meter.seed = seed;
    meter.id = BigInt(id);
    meter.head = BigInt(state.head);
    meter.counter = BigInt(state.counter);
    meter.secret = number(digest('proofmill meter key', seed, id));
    [meter.keyX, meter.keyY] = publicKey(meter.secret);
    meter.hash = await loadHash();
    return meter;
  }

  // The counter grows by one, and now and then by more, as when a reading was lost.
  read() {
    const noise = digest('proofmill reading', this.seed, this.id, this.counter);
    const step = noise[0] < 32 ? 2n + BigInt(noise[1]) : 1n;
    return this.readValues(this.counter + step, BigInt(noise.readUInt32BE(2) % 5000));
  }

  // A reading of these values, whatever they are: chained, signed, remembered.
  readValues(counter, wh) {
    const prev = this.head;
    const prevCounter = this.counter;
    this.counter = counter;
    this.head = this.hash([prev, this.id, counter, wh]);
    const nonce = number(digest('proofmill nonce', this.secret, this.head));
    const sig = sign(this.secret, [this.keyX, this.keyY], nonce, this.head, this.hash);
    const text = (v) => v.toString();
    return {
      meter: text(this.id), counter: text(counter), wh: text(wh), prev: text(prev), head: text(this.head),
      prevCounter: text(prevCounter), keyX: text(this.keyX), keyY: text(this.keyY),
      sig: { R8x: text(sig.R8x), R8y: text(sig.R8y), S: text(sig.S) },
    };
  }
}

// input.json of meter_batch for consecutive readings of one meter.
export function batchInput(readings, domain) {
  const [first] = readings;
  const last = readings[readings.length - 1];
  return {
    domain: BigInt(domain).toString(), meter: first.meter, keyX: first.keyX, keyY: first.keyY, prevHead: first.prev,
    prevCounter: first.prevCounter, counters: readings.map((r) => r.counter), wh: readings.map((r) => r.wh),
    sigR8x: last.sig.R8x, sigR8y: last.sig.R8y, sigS: last.sig.S,
  };
}

// The public signals that the circuit must give for them.
export function batchPublic(readings, domain) {
  const [first] = readings;
  const last = readings[readings.length - 1];
  const total = readings.reduce((sum, r) => sum + BigInt(r.wh), 0n).toString();
  return [last.head, total, last.counter, BigInt(domain).toString(), first.meter, first.keyX, first.keyY, first.prev,
    first.prevCounter];
}
