// The whole road on this machine: a chain, the contracts, a coordinator, workers, data. For the demo and the e2e tests.
// Every server listens on loopback; everything that was started is ended by close(), by its own process id.
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Child, freePort, run, until } from './process.mjs';
import { modules, projectFile, tests } from './application.mjs';

export const anvil = join(modules, '@foundry-rs', 'anvil-linux-amd64', 'bin', 'anvil');
export const cast = join(modules, '@foundry-rs', 'cast-linux-amd64', 'bin', 'cast');
const chainId = 31337;

/** DataProcessed(uint256 indexed, uint256 indexed, address indexed, bool, bytes), as the router emits it. */
export const dataProcessed = 'DataProcessed(uint256,uint256,address,bool,bytes)';

export class Stack {
  /** files: of application(cache, ...); dir: a fresh folder for this run's state and logs; bin: our programs; progress(text). */
  constructor({ files, cache, dir, bin, progress = () => {} }) {
    Object.assign(this, { files, cache, dir, bin, progress, children: [], workers: new Map() });
    mkdirSync(dir, { recursive: true });
    this.readings = join(dir, 'readings');
    mkdirSync(this.readings);
  }

  start(name, file, args, options) {
    const child = new Child(name, file, args, join(this.dir, `${name}.log`), options);
    this.children.push(child);
    return child;
  }

  program(name, args) { return run(join(this.bin, name), args); }

  // -- chain --

  async startChain(extra = []) {
    this.progress('starting a chain (anvil)');
    this.chainPort = await freePort();
    this.endpoint = `http://127.0.0.1:${this.chainPort}`;
    this.chain = this.start('anvil', anvil, ['--host', '127.0.0.1', '--port', String(this.chainPort), '--chain-id',
      String(chainId), ...extra]);
    await until('the chain answers', () => { this.chain.mustLive(); return this.rpc('eth_chainId'); });
  }

  async rpc(method, ...params) {
    const response = await fetch(this.endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    const answer = await response.json();
    if (answer.error) throw Object.assign(new Error(`${method}: ${answer.error.message}`), { data: answer.error.data });
    return answer.result;
  }

  /** The payer's keystore, with a password made here, and ether from the chain's own tap. */
  async makeAccount() {
    this.keystore = join(this.dir, 'account.json');
    this.password = join(this.dir, 'account.password');
    writeFileSync(this.password, randomBytes(24).toString('hex') + '\n', { mode: 0o600 });
    const said = this.coordinatorTool('keystore', 'new', '--out', this.keystore, '--password-file', this.password,
      '--light', '--json');
    this.account = said.address;
    await this.rpc('anvil_setBalance', this.account, '0x56bc75e2d63100000');
  }

  coordinatorTool(...args) { return JSON.parse(this.program('proofmill-coordinator', args)); }

  deployContract(name, args, extra = []) {
    const said = this.coordinatorTool('deploy', '--artifact', join(this.files.contracts, `${name}.json`), '--rpc',
      this.endpoint, '--keystore', this.keystore, '--password-file', this.password, '--json',
      ...args.flatMap((a) => ['--arg', a]), ...extra);
    return said.address;
  }

  send(to, signature, ...args) {
    return this.coordinatorTool('send', '--to', to, '--sig', signature, '--rpc', this.endpoint, '--keystore', this.keystore,
      '--password-file', this.password, '--json', ...args.flatMap((a) => ['--arg', a]));
  }

  // -- data --

  simulator(...args) { return run(process.execPath, [join(tests, 'tools', 'meter-sim.mjs'), ...args]); }

  /** Readings of `meters` meters, `n` more each, in order; the chain of each meter goes on from call to call. */
  feed(meters, n, seed = 'demo') {
    this.simulator('--out', this.readings, '--append', '--meters', String(meters), '--readings', String(n), '--seed', seed);
  }

  /** The same readings as text, not written to the source's folder. */
  simulate(meters, n, seed = 'demo') {
    const dir = mkdtempSync(join(this.dir, 'readings-'));
    this.simulator('--out', dir, '--meters', String(meters), '--readings', String(n), '--seed', seed);
    return readdirSync(dir).map((f) => readFileSync(join(dir, f), 'utf8')).join('');
  }

  /** All readings of one meter in the source's folder, in order. */
  readingsOf(meter) {
    return readdirSync(this.readings).sort().flatMap((f) => readFileSync(join(this.readings, f), 'utf8').trim().split('\n'))
      .map((line) => JSON.parse(line)).filter((r) => r.meter === String(meter));
  }

  // -- contracts and project --

  async deploy(meters, seed = 'demo') {
    this.progress('deploying verifier, router and application');
    await this.makeAccount();
    this.verifier = this.deployContract('MeterVerifier', [], ['--vk', this.files.vk]);
    this.router = this.deployContract('Router', []);
    this.application = this.deployContract('EnergyMeters', [`address:${this.router}`, 'uint256:1']);
    this.send(this.application, 'setVerifier(string,address)', 'string:1.0', `address:${this.verifier}`);
    this.send(this.router, 'registerProject(uint256,address)', 'uint256:1', `address:${this.account}`);
    this.send(this.router, 'bindDapp(uint256,address)', 'uint256:1', `address:${this.application}`);
    this.send(this.router, 'setOperator(uint256,address,bool)', 'uint256:1', `address:${this.account}`, 'bool:true');
    for (const m of JSON.parse(this.simulator('--keys', '--meters', String(meters), '--seed', seed))) {
      this.send(this.application, 'registerMeter(uint256,uint256,uint256)', `uint256:${m.meter}`, `uint256:${m.keyX}`,
        `uint256:${m.keyY}`);
    }
  }

  writeProject(options) {
    this.project = join(this.dir, 'project.json');
    const at = { chainId, endpoint: this.endpoint, router: this.router, application: this.application };
    const sources = [{ type: 'file', path: this.readings }, { type: 'http' }];
    writeFileSync(this.project, JSON.stringify(projectFile(this.files, at, sources, options), null, 2));
  }

  // -- coordinator --

  async writeConfig(options = {}) {
    this.config = join(this.dir, 'coordinator.yaml');
    this.allow = join(this.dir, 'workers.allow');
    writeFileSync(this.allow, '', { flag: 'a' });
    [this.wirePort, this.heartbeatPort, this.httpPort] = [await freePort(), await freePort(), await freePort()];
    this.url = `http://127.0.0.1:${this.httpPort}`;
    const leases = { duration_ms: 120000, heartbeat_ms: 500, misses: 4, max_attempts: 3, ...options.leases };
    writeFileSync(this.config, `pool: demo
data_dir: ${join(this.dir, 'coordinator')}
workers_file: ${this.allow}
listen:
  host: 127.0.0.1
  port: ${this.wirePort}
  heartbeat_port: ${this.heartbeatPort}
http:
  host: 127.0.0.1
  port: ${this.httpPort}
projects:
  - id: 1
    file: ${this.project}
chain:
  keystore: ${this.keystore}
  password_file: ${this.password}
leases:
${Object.entries(leases).map(([k, v]) => `  ${k}: ${v}`).join('\n')}
source_poll_ms: 100
`);
  }

  async startCoordinator(options = {}) {
    this.coordinator = this.start('coordinator', join(this.bin, 'proofmill-coordinator'), ['--config', this.config], options);
    await this.coordinatorReady();
    this.join ??= this.program('proofmill-coordinator', ['--config', this.config, '--show-join']).trim();
  }

  coordinatorReady() {
    return until('the coordinator is ready', async () => {
      this.coordinator.mustLive();
      return (await fetch(`${this.url}/ready`)).ok;
    });
  }

  async killCoordinator() {
    await this.coordinator.kill();
  }

  async api(path) {
    const response = await fetch(this.url + path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  async tasks() { return (await this.api('/v1/tasks?limit=500')).tasks; }

  // -- workers --

  permit(line) { appendFileSync(this.allow, line.trim() + '\n'); }

  async startWorker(name, extra = []) {
    // Outside this run's folder: keys of the worker, fetched artifacts and compiled circuits serve the next run too.
    const data = join(this.cache, 'workers', name);
    mkdirSync(dirname(data), { recursive: true });
    const worker = join(this.bin, 'proofmill-worker');
    if (!this.workers.has(name)) this.permit(run(worker, ['--data', data, '--name', name, '--show-keys']));
    const child = this.start(name, worker, ['--data', data, '--name', name, '--join', this.join, ...extra]);
    this.workers.set(name, child);
    return child;
  }

  /** Waits until so many nodes are logged in. */
  nodesReady(n) {
    return until(`${n} nodes are logged in`, async () => {
      const nodes = (await this.api('/v1/nodes')).nodes;
      return nodes.filter((node) => node.online).length >= n;
    }, 60000);
  }

  // -- what the chain says --

  /** All DataProcessed events of the router: [{success, transaction, block}]. */
  async processed() {
    const topic = run(cast, ['keccak', dataProcessed]).trim();
    const logs = await this.rpc('eth_getLogs', { fromBlock: '0x0', toBlock: 'latest', address: this.router, topics: [topic] });
    return logs.map((log) => ({
      success: BigInt(`0x${log.data.slice(2, 66)}`) === 1n,
      transaction: log.transactionHash,
      block: Number(log.blockNumber),
    }));
  }

  /** A view of the application that returns one word, as a BigInt. */
  async view(signature, ...args) {
    const data = run(cast, ['calldata', signature, ...args.map(String)]).trim();
    return BigInt(await this.rpc('eth_call', { to: this.application, data }, 'latest'));
  }

  async isSettled(taskId) { return (await this.view('settled(bytes32)', taskId)) === 1n; }

  totalOnChain(meter) { return this.view('totals(uint256)', meter); }

  /** The domain of a task, computed here: what contract, coordinator and circuit must agree on. */
  domain(taskId, version = '1.0') {
    const keccak = (hex) => run(cast, ['keccak', hex]).trim();
    const encoded = run(cast, ['abi-encode', 'f(uint256,address,uint256,bytes32,bytes32)', String(chainId), this.application,
      '1', keccak(version), taskId]).trim();
    return BigInt(keccak(encoded)) >> 8n;
  }

  /** How many transactions the payer has paid for. */
  async paid() { return Number(await this.rpc('eth_getTransactionCount', this.account, 'latest')); }

  log(name) { return readFileSync(join(this.dir, `${name}.log`), 'utf8'); }

  async close() {
    for (const child of this.children.reverse()) await child.stop();
    this.children = [];
  }
}

