import { SETTINGS_KEY } from '../../../store/tables.ts';
import type { DockerCall } from '../call.ts';
import { sendJson } from '../json.ts';
import { swarmInfo } from '../services/swarm.ts';
import { clusterStatus, countContainers } from './cluster-status.ts';
import { unreachableWarnings } from './hosts.ts';
import { common, engines, serverVersion } from './identity.ts';

/** Limits that every engine on a Linux of this century has; an absent one makes older CLIs print a warning. */
const CAPABILITIES = {
  MemoryLimit: true,
  SwapLimit: true,
  KernelMemory: true,
  KernelMemoryTCP: true,
  CpuCfsPeriod: true,
  CpuCfsQuota: true,
  CPUShares: true,
  CPUSet: true,
  PidsLimit: true,
  IPv4Forwarding: true,
  BridgeNfIptables: true,
  BridgeNfIp6tables: true,
  OomKillDisable: true,
};

/**
 * `GET /info`: sums over the hosts, and in `SystemStatus` one host after another as in classic Swarm. From what the
 * agents report: no host is asked.
 */
export async function info(call: DockerCall): Promise<void> {
  const { deps, res } = call;
  const answer = deps.store.view((tx) => {
    const known = engines(tx);
    const counts = countContainers(tx);
    const drivers = (table: 'observedNetworks' | 'observedVolumes', always: string) =>
      [...new Set([always, ...[...tx.all(table)].map(({ driver }) => driver)])].sort();
    return {
      ID: tx.get('settings', SETTINGS_KEY)?.clusterId ?? '',
      Containers: counts.all,
      ContainersRunning: counts.running,
      ContainersPaused: counts.paused,
      ContainersStopped: counts.stopped,
      Images: new Set([...tx.all('observedImages')].map(({ imageId }) => imageId)).size,
      Driver: '',
      DriverStatus: null,
      SystemStatus: clusterStatus(tx),
      Plugins: {
        Volume: drivers('observedVolumes', 'local'),
        Network: drivers('observedNetworks', 'bridge').filter((driver) => driver !== ''),
        Authorization: null,
        Log: null,
      },
      ...CAPABILITIES,
      Debug: false,
      NFd: 0,
      NGoroutines: 0,
      SystemTime: new Date(deps.clock.now()).toISOString(),
      LoggingDriver: '',
      CgroupDriver: '',
      NEventsListener: 0,
      KernelVersion: common(known.map(({ kernelVersion }) => kernelVersion)),
      OperatingSystem: common(known.map(({ operatingSystem }) => operatingSystem)) || 'linux',
      OSVersion: '',
      OSType: 'linux',
      Architecture: common(known.map(({ architecture }) => architecture)),
      IndexServerAddress: 'https://index.docker.io/v1/',
      RegistryConfig: { InsecureRegistryCIDRs: [], IndexConfigs: {}, Mirrors: [] },
      NCPU: known.reduce((sum, { cpus }) => sum + cpus, 0),
      MemTotal: known.reduce((sum, { memory }) => sum + memory, 0),
      GenericResources: null,
      DockerRootDir: '',
      HttpProxy: '',
      HttpsProxy: '',
      NoProxy: '',
      Name: 'berth',
      Labels: [],
      ExperimentalBuild: false,
      ServerVersion: serverVersion(tx, deps.version),
      Swarm: swarmInfo(tx, call.req.headers['user-agent'] ?? ''),
      LiveRestoreEnabled: false,
      Isolation: '',
      InitBinary: '',
      SecurityOptions: [],
      Warnings: unreachableWarnings(call),
    };
  });
  sendJson(res, 200, answer);
}
