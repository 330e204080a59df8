import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { alone } from './alone.ts';
import { removeCgroup } from './cgroups.ts';
import {
  type AgentStart,
  adminPassword,
  agentPid,
  berth,
  type ClusterAddresses,
  clusterAddresses,
  createToken,
  type HostLabels,
  hasJoined,
  listNodes,
  managerPid,
  startAgents,
  startManager,
  stopManager,
  waitReady,
} from './cluster.ts';
import { bootMachine, hostPid, killHost, onHost, startHost } from './host.ts';
import { type HostPlan, LABS_FOLDER, type LabPlan, planLab } from './plan.ts';
import { killAll, processesIn } from './processes.ts';
import { register, registeredLabs, removeIfEmpty, unregister } from './registry.ts';
import { ensureRequirements } from './requirements.ts';
import { LabError, type Output, run, tryRun, until } from './run.ts';
import { CHECKOUT, folderOf, type LabState, readState, writeState } from './state.ts';
import { makeWire, namespacesOf, portIsUp, removeWire, setPort } from './wire.ts';

export interface LabOptions {
  /** 1 to 12 lower-case letters and digits; by default a name of its own. */
  readonly name?: string;
  /** How many hosts, h1 … hN; a lab that is up never shrinks. Default 3. */
  readonly hosts?: number;
  /** Names of the first hosts in place of h1, h2, …, for a lab that is made. */
  readonly names?: readonly string[];
  /** Start a manager and join the hosts to it. Default true, and false for a lab that was made without. */
  readonly join?: boolean;
  readonly dir?: string;
  /** Labels that hosts bring along when they join, by host name: `{h1: {rack: 'r1'}}`. */
  readonly labels?: HostLabels;
  /** How agents are started that do not run. */
  readonly agent?: AgentStart;
  /** Leave what there is when the start fails, to look at. Default false. */
  readonly keep?: boolean;
}

export interface HostStatus {
  readonly name: string;
  readonly address: string;
  readonly engine: string;
  /** up: its engine's machine runs; cut: it runs without its link; down: killed. */
  readonly state: 'up' | 'cut' | 'down';
  /** As the cluster has it (`ready`, `down`, …); undefined in a lab without manager. */
  readonly node?: string;
  readonly agent: boolean;
}

/** Several Docker hosts on this machine and the manager that they are joined to. Every method may be called again. */
export class Lab {
  readonly plan: LabPlan;
  readonly joined: boolean;
  private readonly labels: HostLabels;

  constructor(plan: LabPlan, options: { joined: boolean; labels: HostLabels }) {
    this.plan = plan;
    this.joined = options.joined;
    this.labels = options.labels;
  }

  get name(): string {
    return this.plan.name;
  }

  get hosts(): readonly HostPlan[] {
    return this.plan.hosts;
  }

  get addresses(): ClusterAddresses {
    return clusterAddresses(this.plan);
  }

  /** Docker URL of the cluster, for `docker -H`. */
  get endpoint(): string {
    return this.addresses.endpoint;
  }

  /** Pid of the manager in the root namespace, undefined while it is not running. */
  get managerPid(): number | undefined {
    return managerPid(this.plan);
  }

  /** The password that the manager's first run has made. */
  get adminPassword(): string | undefined {
    return adminPassword(this.plan);
  }

  host(name: string): HostPlan {
    const found = this.hosts.find((host) => host.name === name);
    if (found !== undefined) return found;
    const known = this.hosts.map((host) => host.name).join(', ');
    throw new LabError(`lab ${this.name} has no host "${name}": its hosts are ${known}`);
  }

  /** SIGKILL everything on the host, as a power cut would, and take its link down. */
  async kill(name: string): Promise<void> {
    const host = this.host(name);
    await setPort(this.plan, host.name, 'down');
    await killHost(host);
  }

  /** Take the host's link down; everything on it goes on. */
  async cut(name: string): Promise<void> {
    await setPort(this.plan, this.host(name).name, 'down');
  }

  /** Put the host's link up again. */
  async heal(name: string): Promise<void> {
    await setPort(this.plan, this.host(name).name, 'up');
  }

  /** Start on the host what is not running: link, machine, engine, and the agent where the lab has a manager. */
  async start(name: string): Promise<void> {
    const host = this.host(name);
    await this.boot(name);
    if (!this.joined) return;
    await this.join(name);
    await waitReady(this.plan, [host]);
  }

  /**
   * Start machine, engine and, where the host has joined, agent, as a boot does: neither waits for the other.
   * @param first what the machine starts before them
   */
  async boot(name: string, first: () => Promise<void> = async () => {}): Promise<void> {
    const host = this.host(name);
    await setPort(this.plan, host.name, 'up');
    await bootMachine(this.plan, host);
    await first();
    await startHost(this.plan, host, this.joined && hasJoined(host) ? () => this.join(name) : undefined);
  }

  /** Like `start`, without the agent. */
  async startMachine(name: string): Promise<void> {
    const host = this.host(name);
    await setPort(this.plan, host.name, 'up');
    await startHost(this.plan, host);
  }

  /** Start the host's agent; it joins the first time. Does not wait until the node is ready. */
  async join(name: string, how: AgentStart = {}): Promise<void> {
    await startAgents(this.plan, [this.host(name)], this.labels, how);
  }

  /** SIGKILL the host's agent alone; engine and containers go on. */
  async killAgent(name: string): Promise<void> {
    for (let pid = agentPid(this.host(name)); pid !== undefined; pid = agentPid(this.host(name)))
      await killAll([pid]);
  }

  /** SIGKILL the host's engine alone; `startMachine` starts it again. */
  async killEngine(name: string): Promise<void> {
    const pid = (await this.exec(name, ['cat', '/run/docker/dockerd.pid'])).stdout.trim();
    await this.exec(name, ['kill', '-9', pid]);
    const gone = async () =>
      (await this.exec(name, ['test', '-e', `/proc/${pid}`])).code === 1 ? true : undefined;
    await until(`the end of the engine of ${name}`, gone, { timeoutMs: 60_000, everyMs: 100 });
  }

  /** Run a command on the host (in its namespaces, DOCKER_HOST set to its engine) and return what came of it. */
  async exec(
    name: string,
    argv: readonly string[],
    options: { timeoutMs?: number; input?: string } = {},
  ): Promise<Output> {
    return await tryRun(this.execArgv(name, argv), options);
  }

  execArgv(name: string, argv: readonly string[]): string[] {
    const host = this.host(name);
    return onHost(host, ['env', `DOCKER_HOST=${host.engine}`, ...argv]);
  }

  /** Run docker against one host's engine, or against the cluster where no host is given. @throws LabError if it fails. */
  async docker(args: readonly string[], on?: string): Promise<string> {
    const url = on === undefined ? this.endpoint : this.host(on).engine;
    return await run(['docker', '-H', url, ...args]);
  }

  /** Run `berth` against the lab's manager and return what it prints. @throws LabError if it fails. */
  async berth(args: readonly string[], options: { input?: string } = {}): Promise<string> {
    return await berth(this.plan, args, options);
  }

  async createToken(args: readonly string[] = []): Promise<string> {
    return await createToken(this.plan, args);
  }

  async killManager(): Promise<void> {
    await stopManager(this.plan, { kill: true });
  }

  /** Start the manager again, after ending it in good order if it runs, and wait until it answers. */
  async restartManager(how: Pick<AgentStart, 'env'> = {}): Promise<void> {
    await stopManager(this.plan);
    await startManager(this.plan, how);
  }

  /** Wait until the nodes (all hosts by default) are ready. @throws LabError after `timeoutMs`. */
  async waitReady(names?: readonly string[], timeoutMs?: number): Promise<void> {
    await waitReady(this.plan, names?.map((name) => this.host(name)) ?? this.hosts, timeoutMs);
  }

  async status(): Promise<HostStatus[]> {
    const nodes =
      this.joined && this.managerPid !== undefined ? await listNodes(this.plan).catch(() => []) : [];
    return await Promise.all(
      this.hosts.map(async (host) => ({
        name: host.name,
        address: host.address,
        engine: host.engine,
        state: hostPid(host) === undefined ? 'down' : (await portIsUp(this.plan, host)) ? 'up' : 'cut',
        node: nodes.find((node) => node.name === host.name)?.state,
        agent: agentPid(host) !== undefined,
      })),
    );
  }

  /** Remove the lab and everything that it made. */
  async down(): Promise<void> {
    await downLab({ name: this.name, dir: this.plan.folder });
  }
}

/** A name for a lab that no other has: `t` and 8 hexadecimal digits. */
export function ownName(): string {
  return `t${randomBytes(4).toString('hex')}`;
}

/**
 * Bring a lab up, as far as it is not: a first start, one that was cut off in the middle, hosts that were killed.
 * @throws LabError saying what did not come up; what there is by then is taken down unless `keep` is set.
 */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  await ensureRequirements();
  const name = options.name ?? ownName();
  const folder = folderOf(name, options.dir);
  const before = stateBefore(name, folder, options); // refuse before touching
  const index = await register(name, folder, before?.index);
  // Who makes the same lab at the same time waits, and finds it made.
  return alone(`lab-${index}`, () => bringUp({ ...options, name, folder, index }));
}

/**
 * What the lab's folder says of it.
 * @throws LabError for what cannot be made of it
 */
function stateBefore(name: string, folder: string, options: LabOptions): LabState | undefined {
  const before = readState(folder);
  planLab({ name, index: 0, hosts: options.hosts ?? 3, folder, names: before?.names ?? options.names });
  if (before?.joined === true && options.join === false)
    throw new LabError(`lab "${name}" has a manager already: take it down first, or choose another name`);
  return before;
}

type Registered = LabOptions & Readonly<{ name: string; folder: string; index: number }>;

async function bringUp({ name, folder, index, ...options }: Registered): Promise<Lab> {
  const before = stateBefore(name, folder, options);
  const names = before?.names ?? options.names;
  const state: LabState = {
    name,
    index,
    hosts: Math.max(options.hosts ?? before?.hosts ?? 3, before?.hosts ?? 1),
    ...(names === undefined ? {} : { names }),
    joined: options.join ?? before?.joined ?? true,
    labels: { ...before?.labels, ...options.labels },
    checkout: before?.checkout ?? CHECKOUT,
  };
  try {
    writeState(folder, state);
    const plan = planLab({ ...state, folder });
    const lab = new Lab(plan, state);
    await makeWire(plan);
    await Promise.all(plan.hosts.map((host) => startHost(plan, host)));
    if (state.joined) {
      await startManager(plan);
      await startAgents(plan, plan.hosts, state.labels, options.agent);
      await waitReady(plan, plan.hosts);
    }
    return lab;
  } catch (error) {
    if (options.keep !== true) await downLab({ name, dir: folder });
    throw error;
  }
}

/** The lab of that name, as it is. @throws LabError when there is none. */
export function openLab(options: { name: string; dir?: string }): Lab {
  const folder = folderOf(options.name, options.dir);
  const state = readState(folder);
  const index = registeredLabs().find((lab) => lab.name === options.name && lab.folder === folder)?.index;
  if (state === undefined || index === undefined) {
    throw new LabError(
      `there is no lab "${options.name}" in ${folder}: make one with "lab up --name ${options.name}"`,
    );
  }
  return new Lab(planLab({ ...state, index, folder }), state);
}

/** Remove a lab, whatever is left of it: processes, namespaces, rules, mounts, cgroups, files. None is no error. */
export async function downLab(options: { name: string; dir?: string }): Promise<void> {
  const { name } = options;
  const folder = folderOf(name, options.dir);
  const known = registeredLabs().find((lab) => lab.name === name);
  if (known !== undefined && known.folder !== folder) {
    throw new LabError(`lab "${name}" is in ${known.folder}, not in ${folder}: leave --dir out`);
  }
  const state = readState(folder);
  const plan = planLab({
    ...{ name, index: known?.index ?? 0, folder },
    ...{ hosts: state?.hosts ?? 1, names: state?.names },
  });
  const namespaces = await namespacesOf(plan.mark);
  for (const host of plan.hosts) {
    const pid = hostPid(host);
    if (pid !== undefined) await killAll([pid]);
  }
  await killAll(processesIn(namespaces));
  await removeWire({ mark: plan.mark, uplink: known === undefined ? undefined : plan.uplink });
  await removeCgroup(`/${plan.mark}`);
  for (const host of plan.hosts) forgetMemory(host);
  if (state !== undefined) await run(['rm', '-rf', '--one-file-system', folder]);
  else removeIfEmpty(folder);
  if (dirname(folder) === LABS_FOLDER) removeIfEmpty(LABS_FOLDER);
  await unregister(name);
}

/** Configs and secrets that its agent had in the machine's memory: a host's own would be gone with it. */
function forgetMemory(host: HostPlan): void {
  const identity = join(host.folder, 'agent', 'identity.json');
  if (!existsSync(identity)) return;
  const { hostId } = JSON.parse(readFileSync(identity, 'utf8')) as { hostId: string };
  for (const base of ['/run', '/dev/shm'])
    rmSync(join(base, 'berth-files', hostId), { recursive: true, force: true });
}

/** Take down every lab whose folder is below `dir`. */
export async function downAll(dir: string): Promise<void> {
  for (const lab of registeredLabs()) {
    if (dirname(lab.folder) === dir) await downLab({ name: lab.name, dir: lab.folder });
  }
}
