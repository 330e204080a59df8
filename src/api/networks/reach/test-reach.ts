import { LOOK_PATH } from '../../../contract/link.ts';
import type { ReachResult } from '../../../contract/v1/networks.ts';
import { BerthError, messageOf } from '../../../kit/errors.ts';
import type { Agents } from '../../../link/index.ts';
import type { ObservedContainer } from '../../../model/container.ts';
import { type LookAsk, lookAnswerSchema } from '../../../model/look.ts';
import { isReady } from '../../../model/readiness.ts';
import { say } from '../../../model/said/index.ts';
import type { ReadTx } from '../../../store/store.ts';
import { dataPaths } from '../../broken-paths.ts';
import { findContainer, type Target } from '../../docker/containers/find.ts';
import type { DockerDeps } from '../../docker/deps.ts';
import { recordOf } from '../../docker/networks/find-network.ts';
import { engineEndpoints, networkKeyOn } from '../../v1/network-members.ts';
import { endpointIn } from '../spanning.ts';
import { type Attachment, KNOCK_PORT, type Looked, type ReachEnd, reachResult, wayBetween } from './steps.ts';

type ReachDeps = Pick<DockerDeps, 'store' | 'engines' | 'logger'> & Readonly<{ agents: Agents }>;

/** An agent that has said nothing by then is given up, milliseconds. */
const LOOK_MS = 14_000;
/** `container:` of `container:` of … */
const MAX_HOPS = 8;

/**
 * Whether one container reaches another one, as seen from within both; see `steps.ts`.
 * @throws BerthError `not_found`; `bad_request` where both are the same
 */
export async function testReach(
  deps: ReachDeps,
  { from: fromRef, to: toRef, port }: Readonly<{ from: string; to: string; port: number | undefined }>,
): Promise<ReachResult> {
  const { store, engines } = deps;
  const connected = (hostId: string) => engines.connected(hostId);
  const { targets, ends, path } = store.view((tx) => {
    const own = { from: findContainer(tx, fromRef, connected), to: findContainer(tx, toRef, connected) };
    if (own.from.id === own.to.id)
      throw new BerthError('bad_request', `both are container ${own.from.name}: name two of them`);
    const told = dataPaths(tx, own.from.hostId).find(({ hostId }) => hostId === own.to.hostId);
    return {
      targets: own,
      ends: { from: endOf(tx, own.from), to: endOf(tx, own.to) },
      path: told === undefined ? undefined : { ms: told.ms, reason: told.reason },
    };
  });
  const { from, to } = ends;
  const way = wayBetween(from, to);
  if (way === undefined || from.state !== 'running' || to.state !== 'running')
    return reachResult({ from, to, port, path, fromLook: undefined, toLook: undefined });
  const ports = [...new Set([port ?? KNOCK_PORT, KNOCK_PORT])];
  const [fromLook, toLook] = await Promise.all([
    look(deps, targets.from, {
      dial: { address: way.address, ports },
      ...(way.hasNames ? { name: to.name } : {}),
    }),
    port === undefined ? undefined : look(deps, targets.to, {}),
  ]);
  return reachResult({ from, to, port, path, fromLook, toLook });
}

/** Never throws: what an agent cannot tell is a finding. */
async function look(
  { agents, logger }: ReachDeps,
  { hostId, hostName, engineRef }: Target,
  asked: Omit<LookAsk, 'container'>,
): Promise<Looked> {
  try {
    const signal = AbortSignal.timeout(LOOK_MS);
    const answer = await within(
      agents.ask(hostId, LOOK_PATH, { container: engineRef, ...asked }, signal),
      signal,
    );
    return lookAnswerSchema.parse(answer);
  } catch (thrown) {
    const isKnown = thrown instanceof BerthError;
    if (!isKnown)
      logger.debug({ host: hostName, reason: messageOf(thrown) }, 'a look from within has failed');
    const why = isKnown ? messageOf(thrown) : say('hosts.reach.agent.late', { host: hostName });
    const hint = isKnown ? thrown.hint : say('hosts.reach.agent.late.hint', { host: hostName });
    return { problem: why, hint };
  }
}

/** An agent that hangs ends nothing itself. */
function within<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    answer.then(resolve, reject);
  });
}

function endOf(tx: ReadTx, target: Target): ReachEnd {
  const { id, name, hostId, hostName, record, seen } = target;
  const status = tx.get('hostStatus', hostId);
  return {
    ...{ id, name, hostId, hostName },
    state: status?.state === 'down' ? say('hosts.reach.is.away') : (seen?.state.status ?? 'pending'),
    ready: seen !== undefined && (record === undefined || isReady(seen, record)),
    hostMode: seen?.networkMode === 'host',
    networks: seen === undefined ? [] : attachments(tx, withNetwork(tx, seen), record?.id),
    hostAddress: status?.dataAddress ?? '',
  };
}

/** Of one that shares another one's network, that one. */
function withNetwork(tx: ReadTx, seen: ObservedContainer): ObservedContainer {
  let at = seen;
  for (let hops = 0; hops < MAX_HOPS && at.networkMode.startsWith('container:'); hops++) {
    const other = tx.get('observedContainers', `${seen.hostId}/${at.networkMode.slice('container:'.length)}`);
    if (other === undefined) break;
    at = other;
  }
  return at;
}

function attachments(tx: ReadTx, seen: ObservedContainer, containerId: string | undefined): Attachment[] {
  return engineEndpoints(seen).flatMap(({ networkId, ipv4, ipv6 }) => {
    const known = tx.get('observedNetworks', `${seen.hostId}/${networkId}`);
    if (known === undefined || known.driver === 'host' || known.driver === 'null') return [];
    const record = recordOf(tx, known);
    const own =
      record?.span === undefined || containerId === undefined
        ? undefined
        : endpointIn(tx, containerId, record.id);
    return [
      {
        key: networkKeyOn(tx, seen.hostId, networkId),
        name: record?.name ?? known.name,
        driver: known.driver,
        hasNames: known.name !== 'bridge',
        ipv4: ipv4 ?? own?.ipv4,
        ipv6: ipv6 ?? own?.ipv6,
      },
    ];
  });
}
