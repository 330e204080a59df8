import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastLines, onHost } from './host.ts';
import type { HostPlan, LabPlan } from './plan.ts';
import { findIn, isAlive, killAll } from './processes.ts';
import { LabError, run, runDetached, until } from './run.ts';

/** How long anything may take on a machine that does much beside it. */
const PATIENCE_MS = 120_000;
const BERTH = fileURLToPath(new URL('../../berth', import.meta.url));

/** Where a lab's cluster is reached; the socket from the root namespace, the addresses from there and from each host. */
export interface ClusterAddresses {
  /** Docker URL: `unix://…` */
  readonly endpoint: string;
  /** Docker URL with TLS and client certificates: `tcp://…:2376` */
  readonly dockerTls: string;
  readonly api: string;
  /** HOST:PORT as `berth agent --manager` takes it. */
  readonly manager: string;
  readonly dataDir: string;
}

export function clusterAddresses(plan: LabPlan): ClusterAddresses {
  const { address, folder } = plan.manager;
  return {
    endpoint: `unix://${join(folder, 'run', 'docker.sock')}`,
    dockerTls: `tcp://${address}:2376`,
    api: `https://${address}:8443`,
    manager: `${address}:8443`,
    dataDir: folder,
  };
}

export function managerLog(plan: LabPlan): string {
  return join(plan.folder, 'manager.log');
}

export function managerPid(plan: LabPlan): number | undefined {
  return findIn(plan.manager.namespace, ['up', '--data-dir', plan.manager.folder]);
}

/** Start the manager in its namespace, unless it runs, and wait until it answers. */
export async function startManager(
  plan: LabPlan,
  { env }: { readonly env?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const { address, namespace, folder } = plan.manager;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await run([BERTH, 'version'], { timeoutMs: 600_000 }); // builds what is stale before anything has a time limit
  let started: number | undefined;
  if (managerPid(plan) === undefined) {
    const up = [
      'up',
      '--no-agent',
      '--no-install',
      '--foreground',
      '--json',
      '--data-dir',
      folder,
      '--name',
      'manager',
    ];
    const listen = [
      ['--docker-listen', '0.0.0.0:2376'],
      ['--api-listen', '0.0.0.0:8443'],
      ['--agent-listen', '0.0.0.0:8444'],
      ['--advertise', address],
    ].flat();
    const enter = ['nsenter', `--net=/run/netns/${namespace}`, '--', BERTH];
    started = runDetached([...enter, ...up, ...listen], {
      log: managerLog(plan),
      env: { ...process.env, ...env },
    });
  }
  await until(
    `an answer of the manager (its log: ${managerLog(plan)})`,
    async () => {
      const nodes = await listNodes(plan).catch(() => undefined);
      if (nodes !== undefined) return true;
      if (managerPid(plan) !== undefined || (started !== undefined && isAlive(started))) return undefined;
      throw new LabError(`the manager ended: ${lastLines(managerLog(plan))}`);
    },
    { timeoutMs: PATIENCE_MS, everyMs: 200 },
  );
}

/** Stop the manager: with SIGTERM, and with SIGKILL when that does not end it within 15 s or `kill` is set. */
export async function stopManager(plan: LabPlan, options: { kill?: boolean } = {}): Promise<void> {
  const pid = managerPid(plan);
  if (pid === undefined) return;
  if (options.kill !== true) {
    process.kill(pid, 'SIGTERM');
    const gone = until(
      'the end of the manager',
      async () => (managerPid(plan) === undefined ? true : undefined),
      {
        timeoutMs: 15_000,
      },
    );
    if (await gone.catch(() => false)) return;
  }
  await killAll([pid]);
}

/** Run `berth` against the lab's manager and return what it prints. */
export async function berth(
  plan: LabPlan,
  args: readonly string[],
  options: { input?: string } = {},
): Promise<string> {
  const argv = [BERTH, ...args, '--data-dir', plan.manager.folder];
  return await run(argv, { timeoutMs: PATIENCE_MS, ...options });
}

export interface Node {
  readonly name: string;
  readonly state: string;
}

/**
 * The hosts as `berth node ls --json` has them. By the command, which takes most of a second: a look right behind the death
 * of an agent would still find it connected.
 */
export async function listNodes(plan: LabPlan): Promise<Node[]> {
  const nodes: unknown = JSON.parse(await berth(plan, ['node', 'ls', '--json']));
  if (!Array.isArray(nodes)) throw new LabError('berth node ls --json did not print a list');
  return nodes.map((node) => ({ name: String(node.name), state: String(node.state) }));
}

/** A fresh join token. */
export async function createToken(plan: LabPlan, args: readonly string[] = []): Promise<string> {
  const made: { token?: unknown } = JSON.parse(await berth(plan, ['token', 'create', '--json', ...args]));
  if (typeof made.token !== 'string') throw new LabError('berth token create --json printed no token');
  return made.token;
}

export function agentLog(host: HostPlan): string {
  return join(host.folder, 'agent.log');
}

export function agentPid(host: HostPlan): number | undefined {
  return findIn(host.namespace, ['agent', '--data-dir', join(host.folder, 'agent')]);
}

export type HostLabels = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** How an agent is started, where it is not as usual. */
export interface AgentStart {
  /** Docker URL that it takes for its host's engine; of a proxy, say. */
  readonly engine?: string;
  /** More of its arguments. */
  readonly args?: readonly string[];
  /** More variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Start the agents that do not run, and wait until they are on their hosts; those of hosts which have never joined share one token with as many uses. */
export async function startAgents(
  plan: LabPlan,
  hosts: readonly HostPlan[],
  labels: HostLabels,
  { engine, args = [], env }: AgentStart = {},
): Promise<void> {
  const idle = hosts.filter((host) => agentPid(host) === undefined);
  const fresh = idle.filter((host) => !hasJoined(host));
  const token = fresh.length === 0 ? '' : await createToken(plan, ['--uses', String(fresh.length)]);
  for (const host of idle) {
    const agent = [
      BERTH,
      'agent',
      '--foreground',
      '--data-dir',
      join(host.folder, 'agent'),
      '--engine',
      engine ?? host.engine,
      ...args,
    ];
    if (fresh.includes(host)) {
      agent.push('--join', token, '--manager', clusterAddresses(plan).manager);
      agent.push('--name', host.name, '--data-addr', host.address);
      for (const [key, value] of Object.entries(labels[host.name] ?? {}))
        agent.push('--label', `${key}=${value}`);
    }
    const pid = runDetached(onHost(host, agent), { log: agentLog(host), env: { ...process.env, ...env } });
    const onIts = async () => agentPid(host) !== undefined || !isAlive(pid) || undefined;
    await until(`the agent of ${host.name}`, onIts, { timeoutMs: PATIENCE_MS, everyMs: 20 });
  }
}

/** Wait until each of the hosts is a ready node of the cluster. */
export async function waitReady(
  plan: LabPlan,
  hosts: readonly HostPlan[],
  timeoutMs = PATIENCE_MS,
): Promise<void> {
  let seen = 'nobody has answered';
  await until(
    () =>
      `ready nodes ${hosts.map((host) => host.name).join(', ')} (seen: ${seen}; logs: ${join(plan.folder, '*', 'agent.log')})`,
    async () => {
      const nodes = await listNodes(plan).catch((error: Error) => {
        if (managerPid(plan) === undefined) throw error;
        seen = error.message;
      });
      if (nodes === undefined) return undefined;
      seen = nodes.map((node) => `${node.name} ${node.state}`).join(', ');
      const ready = (host: HostPlan) =>
        nodes.some((node) => node.name === host.name && node.state === 'ready');
      const missing = hosts.filter((host) => !ready(host));
      const dead = missing.find((host) => agentPid(host) === undefined);
      if (dead !== undefined)
        throw new LabError(`the agent of ${dead.name} ended: ${lastLines(agentLog(dead))}`);
      return missing.length === 0 ? true : undefined;
    },
    { timeoutMs, everyMs: 200 },
  );
  for (const host of hosts) writeFileSync(joinedMark(host), '');
}

export function hasJoined(host: HostPlan): boolean {
  return existsSync(joinedMark(host));
}

function joinedMark(host: HostPlan): string {
  return join(host.folder, 'joined');
}

/** The password that the manager's first run has told, from its log. */
export function adminPassword(plan: LabPlan): string | undefined {
  const log = managerLog(plan);
  if (!existsSync(log)) return undefined;
  return /"adminPassword":\s*"([^"]+)"/.exec(readFileSync(log, 'utf8'))?.[1];
}
