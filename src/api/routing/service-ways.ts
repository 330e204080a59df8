import type { Container, ObservedContainer } from '../../model/container.ts';
import { releaseKey, type ServiceRecord, serviceKey } from '../../model/deployment.ts';
import type { Host } from '../../model/host.ts';
import { normalIp } from '../../model/ip.ts';
import { LABEL_INGRESS } from '../../model/labels.ts';
import { isReady, leavesRouters } from '../../model/readiness.ts';
import type { PoolServer } from '../../model/router.ts';
import { say } from '../../model/said/index.ts';
import type { RoutedContainer } from '../../model/service-routes.ts';
import { seenOf } from '../../store/seen.ts';
import type { ReadTx } from '../../store/store.ts';

/** Hosts that domains lead to: those with the label; where none has it, all of them. */
export function ingressHosts(tx: ReadTx): readonly Host[] {
  const all = [...tx.all('hosts')];
  const labelled = all.filter(({ labels }) => labels[LABEL_INGRESS] === 'true');
  return labelled.length === 0 ? all : labelled;
}

/** Ingress hosts whose routers take requests, as far as is known: one that has not said anything of its router may. */
export function servingHosts(tx: ReadTx): readonly Host[] {
  return ingressHosts(tx).filter(
    ({ id }) => tx.get('hostStatus', id)?.state !== 'down' && tx.get('hostRouters', id)?.serving !== false,
  );
}

/** Where the router reaches one container. */
export type ContainerWay = RoutedContainer & Readonly<{ id: string; leaving: boolean }>;

/**
 * Containers of a service that the router may lead to, and those that leave. On a host that is not heard of they count only
 * where there are no others: better an attempt than a page that says that nobody is there.
 */
export function waysOf(tx: ReadTx, { stack, name, service }: ServiceRecord): readonly ContainerWay[] {
  const near: ContainerWay[] = [];
  const silent: ContainerWay[] = [];
  for (const container of tx.by('containers', 'stackService', serviceKey(stack, name))) {
    const { id, assigned } = container;
    const observed = seenOf(tx, container);
    const leaving = leavesRouters(container);
    if (observed === undefined || !(leaving ? isRunning(observed) : mayServe(container, observed))) continue;
    const release = container.service?.release ?? 0;
    const spec = tx.get('releases', releaseKey(stack, name, release))?.spec ?? service;
    const address = addressOf(tx, assigned.hostId);
    if (address === undefined) continue;
    const state = leaving ? 'maint' : 'ready';
    const way = {
      id,
      leaving,
      release,
      spec,
      state,
      at: (port: number) => wayTo(observed, address, port),
    } as const;
    (isSilent(tx, assigned.hostId) ? silent : near).push(way);
  }
  return near.some(({ leaving }) => !leaving) ? near : [...near, ...silent];
}

/** Containers that should run on hosts of which nothing has been heard since the manager started. */
export function isUnheard(tx: ReadTx, { stack, name }: ServiceRecord): boolean {
  for (const { assigned, desired } of tx.by('containers', 'stackService', serviceKey(stack, name)))
    if (desired.state === 'running' && tx.get('hostStatus', assigned.hostId)?.reported !== true) return true;
  return false;
}

function isRunning({ state }: ObservedContainer): boolean {
  return state.status === 'running';
}

function mayServe(container: Container, observed: ObservedContainer): boolean {
  return container.desired.state === 'running' && isReady(observed, container);
}

function addressOf(tx: ReadTx, hostId: string): string | undefined {
  const said = tx.get('hostStatus', hostId)?.dataAddress || tx.get('hosts', hostId)?.dataAddress;
  return said === undefined ? undefined : normalIp(said);
}

function isSilent(tx: ReadTx, hostId: string): boolean {
  const status = tx.get('hostStatus', hostId);
  return status?.state === 'down' || status?.silent === true;
}

/** By the port of its host that was chosen for it, or by the same one where it lives in its host's network. */
function wayTo({ networkMode, ports }: ObservedContainer, address: string, port: number) {
  if (networkMode === 'host') return { address, port };
  const found = ports.find(
    ({ privatePort, publicPort, type, ip = '' }) =>
      privatePort === port &&
      publicPort !== undefined &&
      type === 'tcp' &&
      (['', '0.0.0.0', '::'].includes(ip) || ip === address),
  );
  return found?.publicPort === undefined ? undefined : { address, port: found.publicPort };
}

/**
 * Where the router reaches a port of the container of that name, be it the cluster's or one that plain docker made; or why
 * it does not, in a sentence.
 */
export function wayByName(
  tx: ReadTx,
  name: string,
  port: number,
): Pick<PoolServer, 'address' | 'port' | 'state'> | string {
  const found = byName(tx, name);
  if (found === undefined) return say('hosts.target.missing', { name });
  const { observed, hostId, container } = found;
  const leaving = container !== undefined && leavesRouters(container);
  const serves =
    observed !== undefined &&
    (container === undefined || leaving ? isRunning(observed) : mayServe(container, observed));
  if (!serves) return say('hosts.target.unready', { name });
  const address = addressOf(tx, hostId);
  if (address === undefined) return say('hosts.target.host', { name });
  const way = wayTo(observed, address, port);
  if (way === undefined) return say('hosts.target.port', { name, port, same: port });
  return { ...way, state: leaving ? 'maint' : 'ready' };
}

/** Whether the host of the cluster's container of that name has said nothing since the manager started. */
export function isUnheardName(tx: ReadTx, name: string): boolean {
  for (const { assigned, desired } of tx.by('containers', 'name', name))
    if (desired.state === 'running' && tx.get('hostStatus', assigned.hostId)?.reported !== true) return true;
  return false;
}

function byName(
  tx: ReadTx,
  name: string,
): Readonly<{ container?: Container; observed: ObservedContainer | undefined; hostId: string }> | undefined {
  for (const container of tx.by('containers', 'name', name))
    return { container, observed: seenOf(tx, container), hostId: container.assigned.hostId };
  for (const observed of tx.by('observedContainers', 'name', name))
    if (observed.clusterId === undefined) return { observed, hostId: observed.hostId };
  return undefined;
}
