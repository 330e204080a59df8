import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startAgent } from '../../src/agent/index.ts';
import { engineInfo } from '../../src/agent/observe.ts';
import { newSimulatedEngine } from '../../src/engine/index.ts';
import { silentLogger } from '../../src/kit/logger.ts';
import { joinCluster, LinkClient } from '../../src/link/index.ts';
import { atOnce } from '../stats.ts';
import type { HostsOrder } from './hosts.ts';
import { LightHost } from './light-host.ts';
import { ToldMembers } from './told-members.ts';

/** A process of many hosts: each joins with the token, and keeps a connection of its own to the manager. */
process.once('message', (order: HostsOrder) => {
  simulate(order).catch((thrown) => {
    process.send?.({ failed: String(thrown) });
    process.exit(1);
  });
});
// Without its parent it has no use.
process.on('disconnect', () => process.exit());

async function simulate(order: HostsOrder): Promise<void> {
  const light: LightHost[] = [];
  // From the first on: those that have joined must not be silent until the last has.
  if (order.kind === 'light') setInterval(() => beatWhereDue(light), LOOK_MS);
  await atOnce(order.count, 8, async (i) => {
    const host = await startOne(order, order.first + i);
    if (host !== undefined) light.push(host);
  });
  process.send?.({ ready: order.count });
  process.on('message', ({ member }: { member: string }) => process.send?.(told.of(member)));
}

const told = new ToldMembers();

/** How often hosts are gone through for heartbeats that are due, milliseconds. */
const LOOK_MS = 50;

function beatWhereDue(hosts: readonly LightHost[]): void {
  for (const host of hosts) host.beatIfDue();
}

async function startOne(order: HostsOrder, number: number): Promise<LightHost | undefined> {
  const name = `sim${String(number).padStart(5, '0')}`;
  const engine = newSimulatedEngine({
    ...{ id: `engine-${name}`, name, cpus: 64, memory: 256 * 1024 ** 3 },
    images: ['busybox'],
  });
  const machineId = `machine-${name}`;
  const join1 = (id: string) =>
    joinCluster({
      ...{ managerUrl: order.api, token: order.token, name, machineId: id, now: Date.now() },
      labels: { rack: `r${number % 20}`, datacenter: `dc${number % 4}` },
    });
  const { world } = engine;
  if (order.kind === 'light') {
    const identity = await join1(machineId);
    const info = engineInfo(world.info(), world.version());
    const host = new LightHost(engine, { ...identity, machineId, info }, told.listener());
    await connected(identity, machineId, engine, (session) => host.attach(session));
    return host;
  }
  const dir = join(order.dir, name);
  mkdirSync(dir, { recursive: true });
  // The agent says which machine it is by the engine's ID and this.
  const { machineIdOf } = await import('../../src/agent/machine-id.ts');
  const own = machineIdOf(machineId, `engine-${name}`);
  const identity = await join1(own);
  const agent = await startAgent({
    ...{ engine, dir, identity, agentVersion: 'bench', dataAddress: '127.0.0.1', logger: silentLogger },
    etcMachineId: machineId,
  });
  await connected(identity, await agent.machineId, engine, (session) => agent.attach(session));
  return undefined;
}

async function connected(
  identity: Awaited<ReturnType<typeof joinCluster>>,
  machineId: string,
  engine: ReturnType<typeof newSimulatedEngine>,
  attach: (session: Parameters<ConstructorParameters<typeof LinkClient>[0]['onSession']>[0]) => void,
): Promise<void> {
  await new Promise<void>((resolve) => {
    const link = new LinkClient({
      ...{ identity, machineId, engine },
      onSession: (session) => {
        attach(session);
        resolve();
      },
    });
    link.start();
  });
}
