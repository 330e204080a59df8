import type { EngineInfo, HostState } from '../model/host.ts';
import type { ClusterView } from './cluster-view.ts';

export const GIB = 1024 ** 3;
export const TEST_IMAGE = 'app:1';

export type TestHost = Readonly<{
  name: string;
  labels?: Readonly<Record<string, string>>;
  engineLabels?: Readonly<Record<string, string>>;
  state?: HostState;
  cordoned?: boolean;
  cpus?: number;
  memory?: number;
  images?: readonly string[];
}>;

export function testEngine(host: TestHost): EngineInfo {
  return {
    engineId: `engine-${host.name}`,
    serverVersion: '20.10.24',
    apiVersion: '1.41',
    minApiVersion: '1.12',
    operatingSystem: 'Debian GNU/Linux 12',
    osType: 'linux',
    architecture: 'x86_64',
    kernelVersion: '5.10.0',
    storageDriver: 'overlay2',
    cpus: host.cpus ?? 4,
    memory: host.memory ?? 8 * GIB,
    labels: { ...host.engineLabels },
  };
}

/** `sha256:` and 64 hexadecimal digits that depend on the name. */
export function testImageId(image: string): string {
  const hex = Array.from(image, (char) => char.charCodeAt(0).toString(16)).join('');
  return `sha256:${hex.padEnd(64, '0').slice(0, 64)}`;
}

/** Puts hosts into a view; for tests. Each has the image `app:1` unless told otherwise. IDs are `<name>-id`. */
export function addTestHosts(view: ClusterView, hosts: readonly TestHost[]): void {
  for (const host of hosts) {
    const id = `${host.name}-id`;
    view.putHost({
      host: { id, name: host.name, labels: { ...host.labels }, cordoned: host.cordoned ?? false },
      state: host.state ?? 'ready',
      reason: '',
      engine: testEngine(host),
      address: '10.0.0.1',
    });
    for (const image of host.images ?? [TEST_IMAGE])
      view.putImage(id, {
        imageId: testImageId(image),
        repoTags: [image],
        repoDigests: [],
      });
  }
}
