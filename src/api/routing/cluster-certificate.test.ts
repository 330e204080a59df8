import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { silentLogger } from '../../kit/logger.ts';
import { newTestVault } from '../../kit/vault.fixture.ts';
import { createCa, issueRouterCertificate, openCa } from '../../link/index.ts';
import { CLUSTER_CERTIFICATE } from '../../model/certificate.ts';
import { defaultSettings } from '../../model/settings.ts';
import { newMemoryStore, type Store } from '../../store/index.ts';
import { ClusterCertificate } from './cluster-certificate.ts';
import { ShownCertificates } from './shown-certificates.ts';

const DAY = 86_400_000;
const vault = newTestVault();
let store: Store;
let kept: ClusterCertificate | undefined;
let now = Date.now();
let issued = 0;

beforeEach(() => {
  store = newMemoryStore();
  [now, issued] = [Date.now(), 0];
});
afterEach(async () => {
  await kept?.close();
  await store.close();
});

async function start(): Promise<void> {
  const ca = await openCa(await createCa('c1', now - DAY));
  kept = new ClusterCertificate({
    ...{ store, vault, logger: silentLogger, reserved: [], clock: { ...systemClock, now: () => now } },
    issue: (names, at) => {
      issued++;
      return issueRouterCertificate(ca, names, at);
    },
  });
}
const settings = (more: object) =>
  store.update((tx) =>
    tx.put('settings', { kind: 'settings', clusterId: 'c1', settings: { ...defaultSettings, ...more } }),
  );
const certificate = () => store.view((tx) => tx.get('certificates', CLUSTER_CERTIFICATE));

it('is made once routers have a port for TLS, follows the domains, and is what routers are shown', async () => {
  await settings({ appsDomain: 'apps.x.com' });
  await start();
  await settings({ appsDomain: 'apps.x.com', suspectAfterMs: 3_000 });
  expect(certificate()).toBe(undefined);
  await settings({ appsDomain: 'apps.x.com', routerTlsPort: 443 });
  await vi.waitFor(() => expect(certificate()?.domains).toEqual(['apps.x.com', '*.apps.x.com']), 5_000);
  await settings({ appsDomain: 'y.com', routerTlsPort: 443 });
  await vi.waitFor(() => expect(certificate()?.domains).toEqual(['y.com', '*.y.com']), 5_000);
  expect(issued).toBe(2);
  const shown = new ShownCertificates(vault, silentLogger);
  const first = store.view((tx) => shown.read(tx));
  expect(first.map(({ name }) => name)).toEqual([CLUSTER_CERTIFICATE]);
  expect(store.view((tx) => shown.read(tx))).toBe(first);
});

it('is renewed thirty days before its end', async () => {
  await settings({ routerTlsPort: 443 });
  await start();
  await vi.waitFor(() => expect(certificate()).toBeDefined(), 5_000);
  const end = certificate()?.notAfter ?? 0;
  await kept?.close();
  now = end - 31 * DAY;
  await start();
  await kept?.close();
  expect(issued).toBe(1);
  now = end - 29 * DAY;
  await start();
  await vi.waitFor(() => expect(issued).toBe(2), 5_000);
  await kept?.close();
  expect(certificate()?.notAfter).toBeGreaterThan(end);
});
