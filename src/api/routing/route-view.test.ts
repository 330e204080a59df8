import { beforeEach, expect, it } from 'vitest';
import type { CertificateRecord } from '../../model/certificate.ts';
import type { ServiceRecord } from '../../model/deployment.ts';
import type { Service } from '../../model/service.ts';
import { defaultSettings } from '../../model/settings.ts';
import { newMemoryStore, type Store } from '../../store/index.ts';
import { AccessBook } from './access-book.ts';
import { routeViews } from './route-view.ts';

let store: Store;
const access = new AccessBook({
  clock: { now: () => 0, sleep: () => Promise.resolve() },
  routesOf: () => [],
  serving: () => [],
});
const views = () => store.view((tx) => routeViews(tx, access));

beforeEach(() => {
  store = newMemoryStore();
});

const put = (domain: string, options: object = {}) =>
  store.update((tx) => {
    const route = {
      kind: 'route',
      port: 80,
      host: { kind: 'domain', name: domain },
      path: '/',
      scheme: 'http',
    };
    const routes = [{ ...route, scope: 'public', sticky: false, options }];
    const service = { name: 'web', weight: 100, listeners: [], routes, container: {} } as unknown as Service;
    tx.put('services', {
      kind: 'service-record',
      stack: domain,
      name: 'web',
      service,
      release: 1,
    } as ServiceRecord);
  });

it('tells how many may log in at a route, and nothing of their passwords', async () => {
  const auth = { realm: 'shop', salt: 'SALTSALTSALTSALTSALTSA==', users: ['f'.repeat(64), 'e'.repeat(64)] };
  await put('a.example.com', { auth });
  const [view] = views();
  expect(view?.options).toEqual({ sticky: false, users: 2 });
  expect(JSON.stringify(view)).not.toMatch(/SALT|ffff/);
});

it('names the certificate that is shown for a domain: its own one first, and none without a port for TLS', async () => {
  await put('a.example.com');
  await put('b.example.com');
  await store.update((tx) => {
    for (const [name, domain] of [
      ['any', '*.example.com'],
      ['own', 'a.example.com'],
    ])
      tx.put('certificates', {
        kind: 'certificate',
        name,
        domains: [domain],
      } as unknown as CertificateRecord);
  });
  const shown = async (routerTlsPort: number) => {
    const settings = { ...defaultSettings, routerTlsPort };
    await store.update((tx) => tx.put('settings', { kind: 'settings', clusterId: 'c', settings }));
    return views().map(({ certificate }) => certificate);
  };
  expect(await shown(443)).toEqual(['own', 'any']);
  expect(await shown(0)).toEqual([undefined, undefined]);
});
