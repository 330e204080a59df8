import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type FileOptions,
  folderAnswers,
  lookFrom,
  type NetworkOptions,
  putFileAnswers,
  startAgent,
} from '../agent/index.ts';
import type { Address } from '../cli/values.ts';
import { FOLDER_PATH, PUT_FILE_PATH } from '../contract/container-files.ts';
import { LOOK_PATH } from '../contract/link.ts';
import { dialerFor, type Engine, newDockerEngine } from '../engine/index.ts';
import { systemClock } from '../kit/clock.ts';
import { BerthError, messageOf } from '../kit/errors.ts';
import { newLimit } from '../kit/limit.ts';
import type { Logger } from '../kit/logger.ts';
import { type AgentAnswers, type AgentIdentity, LinkClient, openVault, VAULT_FILE } from '../link/index.ts';
import { HostNames } from '../network/dns/host-names.ts';

import { PathProbe, PLUGIN_FOLDER } from '../network/index.ts';
import { insideLooker } from '../network/inside/inside-looker.ts';
import { socketOpener, udpSocketOpener } from '../network/namespace-sockets.ts';
import { dataAddressOf } from './data-address.ts';
import { hostServers } from './host-servers.ts';
import { serveMetrics } from './metrics-server.ts';
import { selfCommand } from './self.ts';
import { version } from './version.ts';

type HostOptions = Readonly<{
  identity: AgentIdentity;
  engineUrl: string;
  /** Where others reach this host: an address, or a name of it; that of the default route where it is undefined. */
  dataAddress: string | undefined;
  /** The host's interface to the switch, for networks of the driver vlan that name none. */
  vlanUplink: string | undefined;
  /** Where Prometheus is told what the agent measures; nowhere where it is undefined. */
  metricsListen: Address | undefined;
  /** For assignments. */
  folder: string;
  /** Take any engine for this host's: on the manager's own machine. */
  anyEngine?: boolean;
  logger: Logger;
  /** Each time a manager has let this host in. */
  onConnected?(): void;
}>;

export type RunningHost = Readonly<{
  /** Resolves where it may not be this host, with the reason; see `Agent.refused`. */
  refused: Promise<string>;
  /** Ends the agent; containers run on. */
  close(): Promise<void>;
}>;

/**
 * What a host keeps of its networks, in the agent's data directory, and where its engine finds their drivers: on the engine's
 * own machine, so undefined where that is another one.
 */
export function networksIn(engineUrl: string, folder: string, logger: Logger): NetworkOptions | undefined {
  if (!engineUrl.startsWith('unix:')) return undefined;
  return {
    dir: join(folder, 'networks'),
    pluginFolder: PLUGIN_FOLDER,
    probe: (dataAddress) => new PathProbe({ dataAddress, open: udpSocketOpener(selfCommand([])), logger }),
  };
}

/** Containers' names are answered by this process, in sockets that a child of it opens in their networks' namespaces. */
function namesOf(logger: Logger): Pick<NetworkOptions, 'names' | 'hostServers'> {
  const servers = hostServers(systemClock.now);
  return {
    hostServers: servers,
    names: (askers) =>
      new HostNames({ ...askers, open: socketOpener(selfCommand([])), hostServers: servers, logger }),
  };
}

/** Folders that are on a tmpfs where the system keeps to its own rules; the second also within containers. */
export const MEMORY = ['/run', '/dev/shm'];

/**
 * Where the host keeps its containers' configs and secrets. Keys that cannot be read are set aside: the manager gives the
 * contents again.
 */
async function filesIn(folder: string, logger: Logger): Promise<FileOptions> {
  const now = systemClock.now();
  const open = async () => {
    const vault = await openVault(folder, { now, make: true });
    if (vault === undefined) throw new BerthError('internal', `no vault in ${folder}`);
    return vault;
  };
  const vault = await open().catch(async (thrown) => {
    const path = join(folder, VAULT_FILE);
    logger.error({ error: messageOf(thrown) }, 'the keys of this host’s files are set aside');
    await rename(path, `${path}.unreadable`);
    return open();
  });
  return { dir: join(folder, 'files'), vault, memory: MEMORY };
}

/** Children that look around at the same time, some 50 MB each. */
const LOOKS = 3;

/** Namespaces can be entered where the engine is on this machine. */
function answersOf(engine: Engine, engineUrl: string): AgentAnswers {
  const look = insideLooker(selfCommand([]));
  const limited = newLimit(LOOKS);
  const folders = folderAnswers(engine);
  const putFiles = putFileAnswers(engine);
  const here = () => {
    if (!engineUrl.startsWith('unix:'))
      throw new BerthError(
        'unsupported',
        'the Docker Engine of this host is on another machine than its agent',
      );
  };
  return {
    [LOOK_PATH]: async (question, signal) => {
      here();
      return limited(() => lookFrom({ engine, look }, question, signal));
    },
    [FOLDER_PATH]: async (question, signal) => {
      here();
      return folders(question, signal);
    },
    [PUT_FILE_PATH]: async (question, signal, sent) => {
      here();
      return putFiles(question, signal, sent);
    },
  };
}

/** One host of a cluster, wired: engine, agent, and the link to the manager. Holds the host even without a manager. */
export async function runHost(options: HostOptions): Promise<RunningHost> {
  const { identity, engineUrl, folder, logger, onConnected } = options;
  const engine = newDockerEngine(dialerFor(engineUrl));
  const vlan = options.vlanUplink === undefined ? {} : { vlanUplink: options.vlanUplink };
  const networks = networksIn(engineUrl, folder, logger);
  const agent = await startAgent({
    engine,
    dir: join(folder, 'assignments'),
    identity,
    agentVersion: version,
    dataAddress: await dataAddressOf(options.dataAddress, logger),
    logger,
    figures: { machine: engineUrl.startsWith('unix:') },
    // HAProxy's folder is bound into its container: by an engine on this machine.
    ...(engineUrl.startsWith('unix:') ? { ingress: { dir: join(folder, 'router') } } : {}),
    ...(engineUrl.startsWith('unix:') ? { files: await filesIn(folder, logger) } : {}),
    ...(networks === undefined ? {} : { networks: { ...networks, ...vlan, ...namesOf(logger) } }),
    ...(options.anyEngine === undefined ? {} : { anyEngine: options.anyEngine }),
  });
  const { metricsListen } = options;
  const endMetrics =
    metricsListen &&
    (await serveMetrics({
      ...{ listen: metricsListen, hostName: identity.hostName, logger },
      figures: () => agent.figures,
    }));
  let link: LinkClient | undefined;
  let closed = false;
  // An engine that has never answered has no ID to show yet: there is nothing to say to a manager before.
  void agent.machineId.then((machineId) => {
    if (closed) return;
    link = new LinkClient({
      identity,
      machineId,
      engine: agent.calls,
      answers: answersOf(engine, engineUrl),
      onSession: (session) => {
        agent.attach(session);
        onConnected?.();
      },
      logger,
    });
    link.start();
  });
  void agent.refused.then((reason) => {
    closed = true;
    return link?.stop(reason);
  });
  return {
    refused: agent.refused,
    close: async () => {
      closed = true;
      await link?.stop();
      await endMetrics?.();
      await agent.close();
      engine.close();
    },
  };
}
