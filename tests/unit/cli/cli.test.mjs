// The command line as scripts use it: exit codes, --json, files written whole or not at all, help.
// PROOFMILL_BUILD: the build folder, with compiled circuits in circuits/.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const build = process.env.PROOFMILL_BUILD;
const program = join(build, 'bin', 'proofmill');
const circuit = join(build, 'circuits', 'multiplier', 'multiplier');
const dir = mkdtempSync(join(tmpdir(), 'proofmill-cli-'));
const at = (name) => join(dir, name);

function proofmill(...args) {
  const r = spawnSync(program, args, { encoding: 'utf8' });
  assert.equal(r.signal, null, `${args}: killed by ${r.signal}`);
  return { code: r.status, out: r.stdout, err: r.stderr, json: () => JSON.parse(r.stdout) };
}
function done(...args) {
  const r = proofmill(...args);
  assert.equal(r.code, 0, r.err);
  return r;
}
function fails(code, status, pattern, ...args) {
  const r = proofmill(...args, '--json');
  assert.equal(r.code, code, `${args}: ${r.err}`);
  assert.equal(r.json().ok, false);
  assert.equal(r.json().status, status);
  assert.match(r.err, pattern);
  assert.match(r.err, /^proofmill: /);
}

/** The inputs of the multiplier circuit, whatever they are called there. */
function inputs(values) {
  const names = [...readFileSync(join(here, '..', '..', 'circuits', 'multiplier.circom'), 'utf8')
    .matchAll(/signal input (\w+);/g)].map((m) => m[1]);
  assert.equal(names.length, values.length);
  return Object.fromEntries(names.map((n, i) => [n, values[i]]));
}

/** A .wtns file of these values. */
function witness(values) {
  const u32 = (v) => { const b = Buffer.alloc(4); b.writeUInt32LE(v); return b; };
  const le = (v) => Buffer.from(BigInt(v).toString(16).padStart(64, '0'), 'hex').reverse();
  const r = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
  const section = (type, body) => Buffer.concat([u32(type), u32(body.length), u32(0), body]);
  return Buffer.concat([Buffer.from('wtns'), u32(2), u32(2), section(1, Buffer.concat([u32(32), le(r), u32(values.length)])),
    section(2, Buffer.concat(values.map(le)))]);
}

before(() => {
  done('setup', '--dev', `${circuit}.r1cs`, at('m.zkey'));
  writeFileSync(at('input.json'), JSON.stringify(inputs(['3', '11'])));
  done('fullprove', at('input.json'), `${circuit}.wasm`, at('m.zkey'), at('proof.json'), at('public.json'), '--cache', at('cache'));
  done('export', 'verificationkey', at('m.zkey'), at('vk.json'));
  // signals of the multiplier: one, the product, the factors
  writeFileSync(at('w.wtns'), witness([1, 33, 3, 11]));
  done('prove', at('m.zkey'), at('w.wtns'), at('p.json'), at('s.json'));
  rmSync(at('p.json'));
  rmSync(at('s.json'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

test('a proof holds; another\'s public signals do not', () => {
  const r = done('verify', at('vk.json'), at('public.json'), at('proof.json'));
  assert.match(r.out, /^OK/);
  assert.equal(done('verify', '--json', at('vk.json'), at('public.json'), at('proof.json')).json().valid, true);
  const signals = JSON.parse(readFileSync(at('public.json')));
  writeFileSync(at('other.json'), JSON.stringify(signals.map((s) => String(BigInt(s) + 1n))));
  fails(1, 'INVALID_PROOF', /proof/, 'verify', at('vk.json'), at('other.json'), at('proof.json'));
});

test('a proof that does not name its curve, as other provers write it, holds too', () => {
  const { curve, ...proof } = JSON.parse(readFileSync(at('proof.json')));
  assert.equal(curve, 'bn128');
  writeFileSync(at('nameless.json'), JSON.stringify(proof));
  done('verify', at('vk.json'), at('public.json'), at('nameless.json'));
});

test('help names every command, and every command explains itself', () => {
  const help = done('--help').out;
  for (const name of ['prove', 'fullprove', 'verify', 'setup', 'ptau', 'export', 'inspect', 'bench', 'synth', 'submit', 'tasks', 'nodes', 'explain']) {
    assert.match(help, new RegExp(`^  ${name} `, 'm'));
    assert.match(done(name, '--help').out, new RegExp(`^proofmill ${name}`));
  }
  assert.match(done('--version').out, /^proofmill \d+\.\d+\.\d+$/m);
});

test('wrong arguments end with 2 and say what is wrong', () => {
  assert.equal(proofmill().code, 2);
  assert.equal(proofmill('provee').code, 2);
  fails(2, 'USAGE', /takes 4 arguments/, 'prove', 'a');
  fails(2, 'USAGE', /--bogus/, 'verify', '--bogus', 'a', 'b', 'c');
  fails(2, 'USAGE', /number/, 'setup', '--dev', '--threads', 'many', 'a', 'b');
  fails(2, 'USAGE', /--dev/, 'setup', `${circuit}.r1cs`, at('no.zkey'));
  fails(2, 'USAGE', /solidity/, 'export', 'rust', at('m.zkey'), at('x'));
  assert.ok(!existsSync(at('no.zkey')));
});

test('missing and malformed files are named', () => {
  fails(4, 'IO', /nowhere\.zkey/, 'inspect', at('nowhere.zkey'));
  writeFileSync(at('short.zkey'), readFileSync(at('m.zkey')).subarray(0, 100));
  fails(3, 'FORMAT', /short\.zkey/, 'inspect', at('short.zkey'));
  writeFileSync(at('bad.json'), '{"pi_a": [}');
  fails(3, 'FORMAT', /bad\.json/, 'verify', at('vk.json'), at('public.json'), at('bad.json'));
  fails(3, 'UNSUPPORTED', /neither/, 'inspect', at('input.json'));
  fails(4, 'IO', /directory/, 'inspect', dir);
  fails(3, 'FORMAT', /vk\.json: expected an array, found \{/, 'verify', at('vk.json'), at('vk.json'), at('proof.json'));
});

test('prove --batch: many witnesses, each with files of its own', () => {
  for (const [name, values] of [['one', [1n, 33n, 3n, 11n]], ['two', [1n, 35n, 5n, 7n]], ['bad', [1n, 34n, 3n, 11n]]])
    writeFileSync(at(`${name}.wtns`), witness(values));
  const out = done('prove', '--batch', dir, at('m.zkey'), at('one.wtns'), at('two.wtns'), '--tables', '1', '--json').json();
  assert.equal(out.proofs, 2);
  for (const name of ['one', 'two'])
    done('verify', at('vk.json'), at(`${name}.public.json`), at(`${name}.proof.json`));
  assert.deepEqual(JSON.parse(readFileSync(at('two.public.json'), 'utf8')), ['35']);
  rmSync(at('two.proof.json'));
  const r = proofmill('prove', '--batch', dir, at('m.zkey'), at('one.wtns'), at('bad.wtns'), at('two.wtns'), '--json');
  assert.equal(r.code, 1);
  assert.match(r.err, /bad\.wtns.*does not satisfy/);
  assert.deepEqual(r.json().results.map((x) => x.status), ['OK', 'UNSATISFIED', 'OK']);
  assert.ok(existsSync(at('two.proof.json')) && !existsSync(at('bad.proof.json')));
  fails(2, 'USAGE', /both be proved/, 'prove', '--batch', dir, at('m.zkey'), at('one.wtns'), at('one.wtns'));
});

test('prove refuses a witness that does not satisfy the circuit, and writes nothing', () => {
  const n = done('inspect', '--json', at('m.zkey')).json().variables;
  writeFileSync(at('bad.wtns'), witness([1, 34, ...Array(n - 2).fill(5)]));
  fails(1, 'UNSATISFIED', /does not satisfy/, 'prove', at('m.zkey'), at('bad.wtns'), at('p.json'), at('s.json'));
  assert.ok(!existsSync(at('p.json')) && !existsSync(at('s.json')));
  writeFileSync(at('long.wtns'), witness([1, 34, ...Array(n).fill(5)]));
  fails(3, 'MISMATCH', /values/, 'prove', at('m.zkey'), at('long.wtns'), at('p.json'), at('s.json'));
});

test('a development key gives a contract for local chains only', () => {
  fails(7, 'UNSAFE_KEY', /development/, 'export', 'solidity', at('m.zkey'), at('V.sol'));
  assert.ok(!existsSync(at('V.sol')));
  done('export', 'solidity', '--local', '--name', 'Mine', at('m.zkey'), at('V.sol'));
  const text = readFileSync(at('V.sol'), 'utf8');
  assert.match(text, /contract Mine /);
  assert.match(text, /31337/);
});

test('inspect tells the kind and the fitness of a file', () => {
  const z = done('inspect', '--deep', '--json', at('m.zkey')).json();
  assert.equal(z.development, true);
  assert.equal(z.curve, 'bn128');
  assert.equal(done('inspect', '--json', `${circuit}.r1cs`).json().kind, 'r1cs');
  assert.equal(done('inspect', '--json', at('vk.json')).json().kind, 'verification key');
  assert.equal(done('inspect', '--json', at('proof.json')).json().kind, 'proof');
});

test('mutated files give a clear error and an exit code, never a crash', () => {
  const seed = Number(process.env.PROOFMILL_SEED ?? Date.now() % 1e9);
  let state = seed;
  const random = (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % n;
  };
  const verify = (name, i) => ['verify', ...['vk.json', 'public.json', 'proof.json'].map((f, k) => at(k === i ? name : f))];
  const targets = [
    { file: at('m.zkey'), run: (name) => ['inspect', at(name)] },
    { file: at('m.zkey'), run: (name) => ['prove', at(name), at('w.wtns'), at('p.json'), at('s.json')] },
    { file: at('w.wtns'), run: (name) => ['prove', at('m.zkey'), at(name), at('p.json'), at('s.json')] },
    { file: `${circuit}.r1cs`, run: (name) => ['setup', '--dev', at(name), at('k.zkey')] },
    { file: at('vk.json'), run: (name) => verify(name, 0) },
    { file: at('public.json'), run: (name) => verify(name, 1) },
    { file: at('proof.json'), run: (name) => verify(name, 2) },
  ];
  const refused = new Set();
  for (let i = 0; i < 280; i++) {
    const { file, run } = targets[i % targets.length];
    let bytes = Buffer.from(readFileSync(file));
    const where = random(bytes.length);
    const kind = random(4);
    if (kind === 0) bytes = bytes.subarray(0, where);
    if (kind === 1) bytes = Buffer.concat([bytes, Buffer.alloc(1 + random(40), random(256))]);
    if (kind === 2) bytes[where] ^= 1 << random(8);
    if (kind === 3) bytes.fill(random(256), where, Math.min(bytes.length, where + 1 + random(8)));
    writeFileSync(at('mutated'), bytes);
    const r = proofmill(...run('mutated'));
    const what = `seed ${seed}, mutation ${i} of ${file}: exit code ${r.code}, ${r.err}`;
    assert.ok([0, 1, 3, 4, 5].includes(r.code), what);
    if (r.code !== 0) assert.match(r.err, /^proofmill: .{10}/, what);
    if (r.code !== 0) refused.add(file);
  }
  assert.equal(refused.size, new Set(targets.map((t) => t.file)).size, 'every kind of file was refused at least once');
});

test('synth makes a circuit that inspect, setup and prove take', () => {
  for (const [curve, kind] of [['bn128', 'wide'], ['bn128', 'mixed'], ['bls12381', 'bits']]) {
    const r = done('synth', '--log2', '8', '--kind', kind, '--curve', curve, at('s.r1cs'), at('s.wtns'), '--json').json();
    assert.deepEqual([r.constraints, r.wires, r.kind, r.curve], [248, 250, kind, curve]);
    assert.equal(done('inspect', '--json', at('s.r1cs')).json().constraints, 248);
    done('setup', '--dev', at('s.r1cs'), at('s.zkey'));
    done('prove', at('s.zkey'), at('s.wtns'), at('s.proof.json'), at('s.public.json')); // checked before it is written
  }
  assert.equal(done('synth', '--constraints', '3', at('s.r1cs'), at('s.wtns'), '--json').json().constraints, 3);
  fails(2, 'USAGE', /wide, mixed or bits/, 'synth', '--kind', 'none', at('s.r1cs'), at('s.wtns'));
  fails(2, 'USAGE', /--log2/, 'synth', '--log2', '3', at('s.r1cs'), at('s.wtns'));
  fails(4, 'IO', /nonexistent/, 'synth', '/nonexistent/s.r1cs', at('s.wtns'));
});

test('bench measures, as text and as JSON', () => {
  const r = done('bench', 'ntt', '--log2', '6', '--runs', '2', '--json').json();
  assert.equal(r.rows.length, 4);
  for (const row of r.rows) assert.ok(row.size === 64 && row.runs === 2 && row.median_ns >= row.min_ns && row.min_ns > 0);
  assert.ok(r.machine.cpu && r.machine.build && r.machine.commit);
  assert.match(done('bench', 'prove', '--log2', '4', '--runs', '1', '--threads', '1').out, /^prove +cold: process.*peak \d+ MB$/m);
  fails(2, 'USAGE', /none of field, ntt/, 'bench', 'everything');
});

test('a coordinator that is not there is a network failure', () => {
  writeFileSync(at('one.jsonl'), '{}\n');
  for (const asked of [['tasks'], ['nodes'], ['explain', '0x12345678'], ['submit', '1', at('one.jsonl')]]) {
    fails(6, 'NETWORK', /127\.0\.0\.1:9/, ...asked, '--url', 'http://127.0.0.1:9');
    fails(2, 'USAGE', /expected http:\/\/ or https:\/\/, found "ftp:\/\/x"/, ...asked, '--url', 'ftp://x');
  }
  fails(4, 'NOT_FOUND', /nowhere\.jsonl/, 'submit', '1', at('nowhere.jsonl'));
});
