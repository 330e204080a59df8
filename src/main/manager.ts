import { join } from 'node:path';
import { newAccountKey, newAcmeClient } from '../acme/index.ts';
import { DataKeys, KEY_ROTATION_MS } from '../api/agents/data-keys.ts';
import { HostSessions } from '../api/agents/host-sessions.ts';
import { beginLife } from '../api/agents/lives.ts';
import { putAudit } from '../api/auth/audit-log.ts';
import { firstRun } from '../api/auth/first-run.ts';
import { EngineContainers } from '../api/containers/engine-containers.ts';
import { newDockerEndpoint } from '../api/docker/server.ts';
import { newClusterEvents } from '../api/events/cluster-events.ts';
import { keepFilesSwept } from '../api/files/sweep-files.ts';
import { EngineImages } from '../api/images/engine-images.ts';
import { Marks } from '../api/metrics/marks.ts';
import { MetricBook } from '../api/metrics/metric-book.ts';
import type { RouteReading } from '../api/metrics/route-figures.ts';
import { keepAddressesSwept } from '../api/networks/address-sweep.ts';
import { EngineNetworks } from '../api/networks/engine-networks.ts';
import { newStorePlacer } from '../api/placement/store-placer.ts';
import { ClusterCertificate } from '../api/routing/cluster-certificate.ts';
import { cookieKeyOf } from '../api/routing/cookie-key.ts';
import { readUpload } from '../api/routing/read-upload.ts';
import { checkLogin } from '../api/services/check-login.ts';
import { ServiceHands } from '../api/services/hands.ts';
import { StackLogs } from '../api/services/stack-logs.ts';
import { createVolume, removeVolume } from '../api/services/volumes.ts';
import { newApiEndpoint } from '../api/v1/endpoint.ts';
import {
  AUTOSCALER,
  AutoScaler,
  CertificateCare,
  Mover,
  NodeFailover,
  PlannedMoves,
  ServiceController,
} from '../controllers/index.ts';
import { systemClock } from '../kit/clock.ts';
import type { Logger } from '../kit/logger.ts';
import {
  admitHost,
  type ClusterPki,
  DeltaLog,
  issueRouterCertificate,
  LinkServer,
  newPrivateKey,
  openClusterPki,
  openDataSecret,
  reach,
  serverRequest,
} from '../link/index.ts';
import { openSqliteStore, type Store } from '../store/index.ts';
import { agentFile } from './agent-executable.ts';
import { openClusterVault } from './cluster-vault.ts';
import { ComposeThread } from './compose-thread.ts';
import type { DataDir } from './data-dir.ts';
import { isOwnAddress, ownAddresses } from './default-address.ts';
import { groupId } from './group-id.ts';
import { listening } from './listen.ts';
import { ensureLocalHost } from './local-host.ts';
import { machineIdOf } from './machine.ts';
import type { ManagerConfig } from './manager-config.ts';
import { startNameServer } from './name-server.ts';
import { connectionsPerPort } from './open-files.ts';
import { packageRoot } from './package-root.ts';
import { newPluginHost } from './plugin-host.ts';
import { keepCertificate } from './renewal.ts';
import { runHost } from './run-host.ts';
import { version } from './version.ts';

export type Manager = Readonly<{
  store: Store;
  /** In order, each within its limits; the containers run on. */
  close(): Promise<void>;
}>;

/** Traffic that is kept is that of so many milliseconds, read again before they are over: routers report every two seconds. */
const TRAFFIC_READ_MS = 6_000;

/** Everything that the manager is, wired; serves when the promise resolves. */
export async function startManager(dir: DataDir, config: ManagerConfig, logger: Logger): Promise<Manager> {
  const clock = systemClock;
  const closers: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const store = openSqliteStore(dir.database);
    closers.push(() => store.close());
    const { clusterId } = await firstRun(store, clock.now());
    const { file: vault, sealed } = await openClusterVault(store, { folder: dir.pki, now: clock.now() });
    if (sealed.length > 0)
      logger.info(
        { stacks: sealed },
        'configs and secrets that an earlier version kept readable are sealed: backups of before still have them',
      );
    const openPki = () => {
      const names = [config.advertise, config.name, ...ownAddresses()];
      return openClusterPki(dir.pki, { clusterId, names, now: clock.now() });
    };
    const pki = await openPki();
    const events = newClusterEvents({ store, clock });
    closers.push(() => events.close());
    const deltas = new DeltaLog(await beginLife(store, clock.now()));
    const isHere = (address: string) => isOwnAddress(address);
    const secret = await openDataSecret(dir.pki);
    const keys = new DataKeys({ secret, clusterId, rotationMs: KEY_ROTATION_MS }, clock);
    const cookieKey = cookieKeyOf(secret, clusterId);
    const metrics: MetricBook = new MetricBook({
      ...{ store, clock },
      traffic: (): readonly RouteReading[] | undefined => sessions.access.readings(TRAFFIC_READ_MS),
    });
    const marks = new Marks({ store, clock });
    closers.push(
      () => metrics.close(),
      () => marks.close(),
    );
    const sessions = new HostSessions({
      ...{
        store,
        events,
        deltas,
        clock,
        logger,
        reach,
        isHere,
        keys,
        vault: vault.vault,
        cookieKey,
        metrics,
      },
      onLoads: (hostId, loads) => autoscaler.onLoads(hostId, loads),
    });
    const autoscaler = new AutoScaler({
      ...{ store, logger, access: sessions.access, wall: clock.now, now: () => performance.now() },
      connected: (hostId) => engines.connected(hostId),
      measures: (hostId) => sessions.measures(hostId),
      looked: (stack, service, { count, seen }) => metrics.takeScaling(stack, service, { ...seen, count }),
      audit: (tx, at, target) => {
        const who = { user: AUTOSCALER, role: 'operator', via: 'system', from: '' } as const;
        putAudit(tx, at, who, { action: 'service.scale', target, outcome: 'ok' });
      },
    });
    closers.push(() => autoscaler.close());
    closers.push(() => sessions.close());
    closers.push(keepAddressesSwept({ store, clock, logger }));
    closers.push(keepFilesSwept({ store, logger }));
    const routerCertificate = new ClusterCertificate({
      ...{ store, vault: vault.vault, clock, logger, reserved: [config.advertise, config.name] },
      issue: (names, at) => issueRouterCertificate(pki.ca, names, at),
    });
    closers.push(() => routerCertificate.close());
    const certificates = new CertificateCare({
      ...{ store, vault: vault.vault, clock, logger, newAccountKey },
      ...{ newKey: newPrivateKey, requestFor: serverRequest, read: readUpload },
      connect: newAcmeClient,
      answered: (tokens) => sessions.answered(tokens),
      audit: (tx, at, target, outcome) => {
        const who = { user: 'berth', role: 'operator', via: 'system', from: '' } as const;
        putAudit(tx, at, who, { action: 'certificate.issue', target, outcome });
      },
    });
    closers.push(() => certificates.close());
    const hostName = (id: string) => store.view((tx) => tx.get('hosts', id)?.name);
    const maxConnections = connectionsPerPort();
    const engines = new LinkServer({
      server: pki.server,
      ca: pki.ca.certificate,
      admit: (arrival) =>
        admitHost(
          arrival,
          store.view((tx) => tx.get('hosts', arrival.commonName)),
        ),
      hostName,
      onSession: (session) => sessions.attach(session),
      maxPending: maxConnections,
      logger,
    });
    const plugins = newPluginHost();
    const placer = newStorePlacer({ store, plugins });
    closers.push(
      () => plugins.close(),
      () => placer.close(),
    );
    const hands: ConstructorParameters<typeof NodeFailover>[0] = {
      store,
      placer,
      clock,
      logger,
      settled: (id, generation, signal) => sessions.assignments.settled(id, generation, signal),
      tell: (hostId, event) => events.add(hostId, [event]),
    };
    const isOut = (containerId: string) => sessions.isOut(containerId);
    const mover = new Mover({ ...hands, isOut });
    await mover.takeBack();
    const failover = new NodeFailover(hands);
    const moves = new PlannedMoves({ ...hands, mover });
    closers.push(
      () => mover.close(),
      () => failover.close(),
      () => moves.close(),
    );
    const { assignments } = sessions;
    const dockerDeps = {
      ...{ store, engines, placer, assignments, events, vault: vault.vault, clock, logger, version },
      drain: (hostId: string) => moves.drain(hostId),
    };
    const services = new ServiceController({
      ...hands,
      hands: new ServiceHands(dockerDeps, isOut),
      access: sessions.access,
    });
    closers.push(() => services.close());
    const docker = newDockerEndpoint(dockerDeps, maxConnections);
    const { dnsListen } = config;
    const dns = dnsListen && (await startNameServer(store, dnsListen, clock, logger));
    closers.push(() => dns?.close());
    const composeFiles = new ComposeThread();
    closers.push(() => composeFiles.close());
    const api = await newApiEndpoint(
      {
        store,
        placer,
        moves: {
          planDrain: (hostId, without) => moves.planDrain(hostId, without),
          drain: (hostId) => moves.drain(hostId),
          drainJob: (hostId) => moves.drainJob(hostId),
          planRebalance: () => moves.planRebalance(),
          rebalance: () => moves.rebalance(),
          rebalanceJob: () => moves.rebalanceJob(),
          release: (hostId) => failover.release(hostId),
        },
        access: sessions.access,
        metrics,
        marks,
        logs: new StackLogs(dockerDeps),
        composeFiles,
        containers: new EngineContainers(dockerDeps, engines),
        networks: new EngineNetworks(dockerDeps, engines),
        images: new EngineImages(dockerDeps),
        createVolume: (wanted, user) => createVolume(dockerDeps, wanted, user),
        checkLogin: (auth) => checkLogin(dockerDeps, auth),
        removeVolume: (name) => removeVolume(dockerDeps, name),
        autoscaler,
        services,
        plugins,
        ca: pki.ca,
        vault,
        address: config.advertise,
        apiPort: config.apiListen.port,
        agentPort: config.agentListen.port,
        dockerPort: config.dockerListen.port,
        agentFile: agentFile(),
        pageFolder: join(packageRoot(), 'dist', 'dashboard'),
        ...(dns === undefined ? {} : { dns }),
        clock,
        logger,
        version,
      },
      maxConnections,
    );
    const { dockerListen, apiListen, agentListen } = config;
    await listening('the agent port', '--agent-listen', agentListen, () =>
      engines.listen(agentListen.port, agentListen.host),
    );
    closers.push(() => engines.close());
    await listening('the API', '--api-listen', apiListen, () => api.listenTls({ ...apiListen, ...tls(pki) }));
    closers.push(() => api.close());
    await listening('the Docker endpoint', '--docker-listen', dockerListen, () =>
      docker.listenTls({ ...dockerListen, ...tls(pki) }),
    );
    closers.push(() => docker.close());
    await docker.listenUnix(
      config.socket,
      config.socketGroup === undefined ? undefined : groupId(config.socketGroup),
    );
    const use = (renewed: ClusterPki) => {
      engines.setCertificate(renewed.server);
      docker.setCertificate(tls(renewed));
      api.setCertificate(tls(renewed));
    };
    closers.push(keepCertificate({ open: openPki, use, logger }));
    if (config.agent) {
      const machineId = () => machineIdOf(config.engine);
      const identity = await ensureLocalHost({ store, ca: pki.ca, clusterId, dir, config, machineId, clock });
      const host = await runHost({
        identity,
        engineUrl: config.engine,
        dataAddress: config.advertise,
        vlanUplink: config.vlanUplink,
        metricsListen: config.metricsListen,
        folder: dir.agent,
        anyEngine: true,
        logger,
      });
      closers.push(() => host.close());
    }
    // Last: who finds this socket finds everything else serving too.
    await api.listenUnix(dir.apiSocket);
    return { store, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

function tls(pki: ClusterPki) {
  return { key: pki.server.key, cert: pki.server.certificate, ca: pki.ca.certificate };
}
