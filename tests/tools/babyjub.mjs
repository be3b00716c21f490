// EdDSA-Poseidon over Baby Jubjub for the simulated devices, in plain BigInt: a table of the base point's doublings makes
// a signature some twenty times faster than the general library, whose verifier checks it in the tests.
// Curve and base point: ERC-2494. Signature: S * B8 = R8 + 8 * h * A with h = Poseidon(R8x, R8y, Ax, Ay, message), as in
// circomlib's EdDSAPoseidonVerifier. Variable-time: for simulated keys only.
const P = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
const A = 168700n;
const D = 168696n;
export const ORDER = 2736030358979909402780800718157159386076813972158567259200215660948447373041n;
const B8 = [
  5299619240641551281634865583518297030282874472190772894086521144482721001553n,
  16950150798460657717958625567821834550301663161624707787222815936182638968203n,
];

const mod = (a) => ((a % P) + P) % P;

function inverse(a) {
  let [r0, r1, t0, t1] = [P, mod(a), 0n, 1n];
  while (r1 > 0n) {
    const q = r0 / r1;
    [r0, r1, t0, t1] = [r1, r0 - q * r1, t1, t0 - q * t1];
  }
  return mod(t0);
}

// Projective (X : Y : Z), complete for this curve: Bernstein, Birkner, Joye, Lange, Peters 2008, section 6.
function add([x1, y1, z1], [x2, y2, z2]) {
  const a = (z1 * z2) % P;
  const b = (a * a) % P;
  const c = (x1 * x2) % P;
  const d = (y1 * y2) % P;
  const e = (D * c * d) % P;
  const f = b - e;
  const g = b + e;
  return [mod(a * f * ((x1 + y1) * (x2 + y2) - c - d)), mod(a * g * (d - A * c)), mod(f * g)];
}

const doublings = [];
for (let point = [...B8, 1n]; doublings.length < 254; point = add(point, point)) doublings.push(point);

// k * B8 in affine coordinates, for 0 <= k < ORDER.
function multiplyBase(k) {
  let sum = [0n, 1n, 1n];
  for (let i = 0; k > 0n; i++, k >>= 1n) if (k & 1n) sum = add(sum, doublings[i]);
  const z = inverse(sum[2]);
  return [mod(sum[0] * z), mod(sum[1] * z)];
}

export const publicKey = (secret) => multiplyBase(secret % ORDER);

// nonce: never twice with the same secret for two messages. hash: Poseidon of an array of BigInt.
export function sign(secret, key, nonce, message, hash) {
  const r = nonce % ORDER;
  const [R8x, R8y] = multiplyBase(r);
  const h = hash([R8x, R8y, key[0], key[1], message]);
  return { R8x, R8y, S: (r + 8n * h * (secret % ORDER)) % ORDER };
}
