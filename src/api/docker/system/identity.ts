import type { EngineInfo } from '../../../model/host.ts';
import type { ReadTx } from '../../../store/store.ts';
import type { DockerDeps } from '../deps.ts';
import { servedVersions } from '../version.ts';

/**
 * What the endpoint calls itself where clients look for an engine's version: that of the cluster's oldest engine, with
 * Berth's own as semver build metadata. So tools that ask for a least version of Docker get the right answer, and those
 * that parse it (semver, Python's LooseVersion) get something to parse, which classic Swarm's `swarm/1.2.9` was not.
 */
export function serverVersion(tx: ReadTx, version: string): string {
  const oldest = engines(tx)
    .map(({ serverVersion }) => /^\d+\.\d+(\.\d+)?/.exec(serverVersion)?.[0])
    .filter((text) => text !== undefined)
    .sort(compareDotted)[0];
  return oldest === undefined ? version : `${oldest}+berth.${version}`;
}

/** The engines of the cluster that have said what they are. */
export function engines(tx: ReadTx): EngineInfo[] {
  return [...tx.all('hostStatus')].flatMap(({ engine }) => (engine === undefined ? [] : [engine]));
}

/** The body of `GET /version`. */
export function versionAnswer({ store, version }: Pick<DockerDeps, 'store' | 'version'>): unknown {
  const { api, minApi } = servedVersions(store);
  return store.view((tx) => {
    const known = engines(tx);
    const own = serverVersion(tx, version);
    const arch = goArch(common(known.map(({ architecture }) => architecture)) || process.arch);
    const kernel = common(known.map(({ kernelVersion }) => kernelVersion));
    const details = {
      ApiVersion: api,
      MinAPIVersion: minApi,
      GitCommit: '',
      GoVersion: '',
      Os: 'linux',
      Arch: arch,
      KernelVersion: kernel,
      BuildTime: '',
    };
    return {
      Platform: { Name: `Berth ${version}` },
      Components: [
        { Name: 'Engine', Version: own, Details: { ...details, Experimental: 'false' } },
        { Name: 'berth', Version: version, Details: { Hosts: String(tx.count('hosts')) } },
        ...engineComponents(tx),
      ],
      Version: own,
      ...details,
    };
  });
}

/** One component for each version of Docker Engine in the cluster: a cluster of 1,000 hosts has a few. */
function engineComponents(tx: ReadTx): unknown[] {
  const hosts = new Map<string, number>();
  for (const { serverVersion } of engines(tx)) hosts.set(serverVersion, (hosts.get(serverVersion) ?? 0) + 1);
  return [...hosts]
    .sort(([a], [b]) => compareDotted(a, b))
    .map(([version, count]) => ({ Name: 'docker', Version: version, Details: { Hosts: String(count) } }));
}

/** The value that all have in common, or all of them. */
export function common(values: readonly string[]): string {
  return [...new Set(values)].sort().join(', ');
}

/** Go's name of an architecture: engines say `x86_64` in `info` and `amd64` in `version`. */
function goArch(architecture: string): string {
  const names: Readonly<Record<string, string>> = {
    x86_64: 'amd64',
    x64: 'amd64',
    aarch64: 'arm64',
    armv7l: 'arm',
  };
  return names[architecture] ?? architecture;
}

function compareDotted(a: string, b: string): number {
  const left = a.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const right = b.split('.').map((part) => Number.parseInt(part, 10) || 0);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
