import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readStack } from '../../compose/index.ts';
import { type ReleaseRecord, releaseKey } from '../../model/deployment.ts';
import type { MountedFile, Route } from '../../model/service.ts';
import type { Stack } from '../../model/stack.ts';
import { putLogin, registryAuthFor } from '../services/registry-logins.ts';
import { type ApiFixture, startApi } from './api.fixture.ts';

let api: ApiFixture;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

const file = (web: string, more = '') =>
  `services:\n  web: { image: ${web}, deploy: { replicas: 2 }${more} }\n  db: { image: db }\n`;
function stack(text: string): Stack {
  const read = (path: string) => (path === '/shop/compose.yml' ? text : undefined);
  return readStack({ files: ['/shop/compose.yml'], folder: '/shop', read, env: {} }).stack;
}
const deploy = (text: string, dryRun = false) =>
  api.root.call('stack.deploy', { stack: 'shop', spec: stack(text), dryRun });

it('tells what a deployment would change, then writes it, and a second one is nothing', async () => {
  const planned = await deploy(file('web:1'), true);
  expect(planned.diff.created).toContainEqual({ kind: 'service', key: 'web' });
  expect(await api.root.call('stack.list')).toEqual({ stacks: [] });
  expect((await deploy(file('web:1'))).releases).toEqual([
    { service: 'db', number: 1 },
    { service: 'web', number: 1 },
  ]);
  const again = await deploy(file('web:1'));
  expect(again).toEqual({
    ...{ diff: { created: [], changed: [], removed: [] }, warnings: [], releases: [], generation: 1 },
  });
  const changed = await deploy(file('web:2'));
  expect(changed.releases).toEqual([{ service: 'web', number: 2 }]);
  expect(changed.diff.changed[0]?.fields).toEqual([
    { field: 'container.Image', before: 'web:1', after: 'web:2' },
  ]);
  const { releases } = await api.root.call('release.history', { stack: 'shop', service: 'web' });
  expect(releases.map(({ number, state, image }) => [number, state, image])).toEqual([
    [2, 'releasing', 'web:2'],
    [1, 'superseded', 'web:1'],
  ]);
});

it('does not begin a release where only numbers and policies are other ones', async () => {
  await deploy(file('web:1'));
  const other = file('web:1').replace('replicas: 2', 'replicas: 3, update_config: { delay: 2s }');
  const { releases, diff } = await deploy(other);
  expect(diff.changed[0]?.fields.map(({ field }) => field).sort()).toEqual([
    'scale.replicas',
    'update.delayMs',
  ]);
  expect(releases).toEqual([]);
  const { spec, release } = await api.root.call('service.get', { stack: 'shop', service: 'web' });
  expect([spec.scale, release.number]).toEqual([{ kind: 'replicated', replicas: 3 }, 1]);
});

it('sets parts of a core aside', async () => {
  const reserving = (cpus: string) =>
    deploy(
      `services:\n  web:\n    image: web\n    deploy: { resources: { reservations: { cpus: '${cpus}' } } }\n`,
    );
  await reserving('0.1');
  const { spec } = await api.root.call('service.get', { stack: 'shop', service: 'web' });
  expect(spec.container.HostConfig?.CpuShares).toBe(0.1);
  expect((await reserving('2.5')).releases).toEqual([{ service: 'web', number: 2 }]);
});

it('refuses numbers that no service can have, however they come', async () => {
  await deploy(file('web:1'));
  const web = { stack: 'shop', service: 'web' };
  const put = (change: Partial<Stack['services'][number]>) => {
    const whole = stack(file('web:1'));
    const services = whole.services.map((one) => (one.name === 'web' ? { ...one, ...change } : one));
    return api.root.call('stack.deploy', { stack: 'shop', spec: { ...whole, services } });
  };
  const rules = [{ metric: 'cpu' as const, target: 60 }];
  const scaling = { kind: 'scaling' as const, min: 5, max: 2, step: 1, rules };
  for (const [refused, field] of [
    [() => put({ scale: { kind: 'replicated', replicas: -1 } }), 'scale.replicas'],
    [() => put({ scale: { kind: 'replicated', replicas: 10_001 } }), 'scale.replicas'],
    [() => put({ scale: { kind: 'replicated', replicas: 1.5 } }), 'scale.replicas'],
    [() => put({ weight: 101 }), 'weight'],
    [() => put({ scaling }), 'min is more than max'],
    [() => api.root.call('service.scale', { ...web, replicas: -1 }), 'replicas'],
    [() => api.root.call('service.scale', { ...web, replicas: 10_001 }), 'replicas'],
    [() => api.root.call('release.weight', { ...web, weight: 101 }), 'weight'],
    [() => api.root.call('autoscale.set', { ...web, scaling }), 'min is more than max'],
  ] as const)
    await expect(refused()).rejects.toMatchObject({
      ...{ code: 'bad_request', message: expect.stringContaining(field) },
    });
  expect(await api.root.call('service.get', web)).toMatchObject({ wanted: 2, release: { number: 1 } });
});

it('scales by hand, and shows by whom a release was stopped', async () => {
  await deploy(file('web:1'));
  const web = { stack: 'shop', service: 'web' };
  expect(await api.root.call('service.scale', { ...web, replicas: 4 })).toMatchObject({
    scale: 4,
    wanted: 4,
  });
  expect((await deploy(file('web:1'), true)).diff.changed).toEqual([
    { item: { kind: 'service', key: 'web' }, fields: [{ field: 'scale, set by hand', before: 4, after: 2 }] },
  ]);
  const operator = api.client(api.tokens.operator);
  expect((await operator.call('release.pause', web)).release).toEqual({
    ...{ number: 1, state: 'paused', reason: 'by the-operator' },
  });
  await expect(operator.call('release.pause', web)).rejects.toMatchObject({
    message: expect.stringContaining('is paused, not releasing'),
    hint: expect.stringContaining('"berth release status'),
  });
  expect((await operator.call('release.resume', web)).release.state).toBe('releasing');
  expect((await operator.call('service.restart', web)).release.number).toBe(2);
  await expect(operator.call('release.rollback', web)).rejects.toThrow('no release before 2 that was done');
  expect((await operator.call('release.rollback', { ...web, to: 1 })).release.number).toBe(3);
  await expect(operator.call('release.rollback', { ...web, to: 9 })).rejects.toThrow(
    'service web has no release 9: its newest is 3',
  );
});

it('lets services scale by themselves: as the file says, or as was set beside it', async () => {
  const label = '"berth.auto_scaling.target_cpu": "60", "berth.auto_scaling.max_instances": "6"';
  const scaled = file('web:1').replace('web: {', `web: { labels: { ${label} },`);
  const web = { stack: 'shop', service: 'web' };
  expect((await deploy(scaled)).warnings).toEqual([]);
  expect(await api.root.call('autoscale.list')).toMatchObject({
    services: [{ stack: 'shop', name: 'web', byHand: false, current: 2, scaling: { min: 1, max: 6 } }],
  });
  await expect(api.root.call('service.scale', { ...web, replicas: 7 })).rejects.toThrow(
    'scales by itself from 1 to 6 containers: 7 would not stay',
  );
  expect(await api.root.call('service.scale', { ...web, replicas: 5 })).toMatchObject({
    ...{ wanted: 5, scaling: { min: 1, max: 6 } },
  });
  // A deployment is no change of load: what it has come to stays, within the file's limits.
  expect((await deploy(scaled, true)).diff.changed).toEqual([]);
  await deploy(scaled.replace('web:1', 'web:2'));
  expect(await api.root.call('service.get', web)).toMatchObject({ wanted: 5, release: { number: 2 } });
  await deploy(scaled.replace('web:1', 'web:2').replace('"6"', '"3"'));
  expect(await api.root.call('service.get', web)).toMatchObject({ wanted: 3 });
  expect((await api.root.call('autoscale.history', web)).changes).toMatchObject([
    { from: 2, to: 5, by: 'root' },
  ]);

  const rules = [{ metric: 'memory' as const, above: 80, below: 20 }];
  const scaling = { kind: 'scaling' as const, min: 2, max: 9, step: 1, rules };
  await api.root.call('autoscale.set', { ...web, scaling });
  await deploy(scaled);
  expect(await api.root.call('autoscale.explain', web)).toMatchObject({ byHand: true, scaling });
  await api.root.call('autoscale.set', { ...web, scaling: { kind: 'off' } });
  expect(await api.root.call('autoscale.list')).toEqual({ services: [] });
  await expect(api.root.call('autoscale.explain', web)).rejects.toThrow('shop/web');
  await expect(api.root.call('autoscale.remove', { ...web, was: scaling })).rejects.toThrow('by now than');
  expect((await api.root.call('autoscale.remove', { ...web, was: null })).scaling).toMatchObject({
    ...{ min: 1, max: 6 },
  });
  await expect(api.root.call('autoscale.remove', web)).rejects.toMatchObject({
    message: 'service web has no rules that were set by hand',
    hint: 'its compose file has some: take them out there, or "berth autoscale set --off shop/web"',
  });
});

it.each([
  [{ min: 5, max: 2 }, 'min is more than max'],
  [{ rules: [{ metric: 'cpu' as const, above: 20, below: 30 }] }, 'below must be less than above'],
  [{ rules: [{ metric: 'cpu' as const, above: 20, target: 30 }] }, 'a target, or above and below, not both'],
  [{ rules: [{ metric: 'latency' as const, target: 30 }] }, 'latency has no target'],
  [{ max: 10_001 }, 'Too big'],
  [{ min: -1 }, 'Too small'],
  [{ periodMs: 100 }, 'Too small'],
])('refuses rules that cannot be (%#)', async (wrong, said) => {
  await deploy(file('web:1'));
  const scaling = { kind: 'scaling' as const, min: 1, max: 3, step: 1, rules: [], ...wrong };
  await expect(api.root.call('autoscale.set', { stack: 'shop', service: 'web', scaling })).rejects.toThrow(
    said,
  );
});

it('lets nothing scale by itself that has no number, or too few names', async () => {
  await deploy(
    'services:\n  web: { image: web, deploy: { mode: global } }\n  job: { image: web, labels: { berth.job: "true" } }\n  one: { image: web, container_name: one }\n',
  );
  const scaling = { kind: 'scaling' as const, min: 1, max: 3, step: 1, rules: [] };
  const set = (service: string) => api.root.call('autoscale.set', { stack: 'shop', service, scaling });
  await expect(set('web')).rejects.toThrow('is on each host');
  await expect(set('job')).rejects.toThrow('runs to its end');
  await expect(set('one')).rejects.toThrow('has one container');
});

it('shows what a deployment would change of a service that was rolled back', async () => {
  await deploy(file('web:1'));
  await deploy(file('web:2'));
  await api.root.call('release.rollback', { stack: 'shop', service: 'web', to: 1 });
  const { diff, releases } = await deploy(file('web:2'));
  expect(diff.changed.map(({ fields }) => fields)).toEqual([
    [{ field: 'container.Image', before: 'web:1', after: 'web:2' }],
  ]);
  expect(releases).toEqual([{ service: 'web', number: 4 }]);
});

it('tells in the status what keeps a service from going on, and counts what was asked for at once', async () => {
  await deploy(file('web:1'));
  await api.store.update((tx) =>
    tx.put('serviceStatus', {
      ...{ kind: 'service-status', stack: 'shop', name: 'web', wanted: 2, running: 2, ready: 2, current: 2 },
      waiting: 'no host fits web',
      overdue: { generation: 1, reason: 'no host fits web' },
    }),
  );
  const shown = await api.root.call('service.get', { stack: 'shop', service: 'web' });
  expect(shown.overdue).toBe('no host fits web');
  await api.root.call('release.pause', { stack: 'shop', service: 'db' });
  expect((await api.root.call('cluster.status')).warnings).toEqual(
    expect.arrayContaining([
      'service shop/web: no host fits web',
      'service shop/db: release 1 is paused: by root',
    ]),
  );
  const scaled = await api.root.call('service.scale', { stack: 'shop', service: 'web', replicas: 5 });
  expect(scaled).toMatchObject({ wanted: 5, ready: 2 });
  expect(scaled).not.toHaveProperty('overdue');
});

it('says of a release in which both versions serve until when it is as it is, and what comes then', async () => {
  const labels =
    ', labels: { berth.release: canary, berth.release.steps: "30:60s,60:60s", berth.routing.port_80: a.example.com }';
  const own = { stack: 'shop', service: 'web' };
  const change = (number: number, more: object) =>
    api.store.update((tx) => {
      const found = tx.get('releases', `shop/web/${number}`);
      if (found !== undefined) tx.put('releases', { ...found, ...more });
    });
  await deploy(file('web:1', labels));
  expect(await api.root.call('service.get', own)).not.toHaveProperty('next');
  await change(1, { state: 'done' });
  await deploy(file('web:2', labels));
  const next = async () => (await api.root.call('service.get', own)).next;
  const coming = async () => (await api.root.call('release.status', own)).coming;
  expect(await next()).toBe('once its containers are ready: 30 %');
  expect(await coming()).toEqual({ kind: 'ready', next: { kind: 'weight', weight: 30 } });
  await change(2, { shift: { weight: 30, step: 0, since: 1_000 } });
  expect(await next()).toBe('step 1 of 2, until 1970-01-01T00:01:01.000Z; then: 60 %');
  const step = { kind: 'step', of: 2, until: 61_000 };
  expect(await coming()).toEqual({ ...step, step: 1, next: { kind: 'weight', weight: 60 } });
  await change(2, { state: 'paused', reason: 'by root' });
  expect([await next(), await coming()]).toEqual([undefined, undefined]);
  const resumed = await api.root.call('release.resume', own);
  expect(resumed.next).toMatch(/^step 1 of 2, until \d{4}-.*Z; then: 60 %$/);
  await change(2, { shift: { weight: 60, step: 1, since: 1_000 } });
  expect(await next()).toBe(
    'step 2 of 2, until 1970-01-01T00:01:01.000Z; then: all requests, and the old version goes',
  );
  expect(await coming()).toEqual({ ...step, step: 2, next: { kind: 'all' } });
  await change(2, { state: 'waiting' });
  expect(await coming()).toEqual({ kind: 'confirmation' });
});

it('keeps the last twenty releases', async () => {
  await deploy(file('web:1'));
  for (let i = 0; i < 25; i++) await api.root.call('service.restart', { stack: 'shop', service: 'web' });
  const { releases } = await api.root.call('release.history', { stack: 'shop', service: 'web' });
  expect(releases.map(({ number }) => number)).toEqual(Array.from({ length: 20 }, (_, i) => 26 - i));
});

it('refuses what it would do by half, naming the service and what to do', async () => {
  const wrong: [string, string][] = [
    [', labels: { berth.release: canary }', 'a canary release shares requests, and none come to it'],
    [
      ', labels: { berth.stable_names: "true", berth.release: blue-green, berth.routing.port_80: a.example.com }',
      'a blue-green release has both versions at once, and its containers have names',
    ],
    [', environment: ["constraint:x"]', 'service web: '],
  ];
  for (const [more, message] of wrong) await expect(deploy(file('web:1', more))).rejects.toThrow(message);
  const good = stack(file('web:1'));
  const [db, web] = good.services;
  if (db === undefined || web === undefined) throw new Error('no services');
  const waits = (service: string) => [
    { service, condition: 'started' as const, restart: false, required: true },
  ];
  const cycle = {
    ...good,
    services: [
      { ...db, dependsOn: waits('web') },
      { ...web, dependsOn: waits('db') },
    ],
  };
  const put = (spec: Stack, name = 'shop') => api.root.call('stack.deploy', { stack: name, spec });
  await expect(put(cycle)).rejects.toThrow('services wait for each other: db -> web -> db');
  await expect(put({ ...good, services: [db, db] })).rejects.toThrow('both call a container');
  await expect(put(good, 'other')).rejects.toThrow('calls itself shop, not other');
  const config: MountedFile = {
    ...{ source: 'nginx', target: '/x', uid: '0', gid: '0', mode: 0o444 },
    kind: 'config',
  };
  await expect(put({ ...good, services: [{ ...web, files: [config] }] })).rejects.toThrow(
    'config "nginx" is not in the stack',
  );
});

it('warns of what nothing does yet', async () => {
  const { warnings } = await deploy(
    file(
      'web:1',
      ', ports: ["80:80"], labels: { aliyun.routing.port_80: https://a.example.com, aliyun.lb.port_53: "udp://lb:53" }',
    ),
    true,
  );
  expect(warnings).toEqual([
    'service web: a.example.com is served without TLS: the routers have no port for TLS: "berth settings set routerTlsPort=443"',
    'service web: nothing listens on port 53 (udp): the router has no UDP',
    'service web: nothing listens on port 80 for it alone, as the router has that for domains: give it one with berth.routing.port_80',
  ]);
});

it('refuses a domain or port that another service has, and a prefix without a domain behind it', async () => {
  const at = (name: string, more: string) => {
    const spec = { ...stack(file('web:1', more)), name };
    return api.root.call('stack.deploy', { stack: name, spec });
  };
  const to = (domain: string) => `, labels: { berth.routing.port_80: ${domain} }`;
  await at('shop', `${to('"*.example.com;b.example.com/api/"')}, ports: ["81:80"]`);
  await expect(at('other', to('b.example.com/api'))).rejects.toThrow(
    'service web: b.example.com/api is taken by service shop/web',
  );
  await expect(at('other', ', ports: ["81:82"]')).rejects.toThrow('port 81 of the ingress hosts is taken by');
  await expect(at('other', to('shop'))).rejects.toThrow('its route "shop" needs a domain behind it');
  await expect(at('other', to('b.example.com/a/../b'))).rejects.toThrow(
    'is not a path that the router takes',
  );
  await at('other', to('"a.example.com;b.example.com"'));
  await at('shop', to('c.example.com'));
  const { routes } = await api.root.call('route.list', {});
  expect(routes.map(({ name, service }) => `${name} ${service}`)).toEqual([
    'a.example.com other/web',
    'b.example.com other/web',
    'c.example.com shop/web',
  ]);
  expect((await api.root.call('cluster.status', {})).warnings).toContain(
    'c.example.com has no container to lead to: see "berth service ps shop/web"',
  );
});

it('is read by viewers and changed by operators, and is in the audit log', async () => {
  const viewer = api.client(api.tokens.viewer);
  const spec = stack(file('web:1'));
  await expect(viewer.call('stack.deploy', { stack: 'shop', spec })).rejects.toMatchObject({
    code: 'forbidden',
  });
  await api.client(api.tokens.operator).call('stack.deploy', { stack: 'shop', spec });
  expect((await viewer.call('stack.get', { stack: 'shop' })).services.map(({ name }) => name)).toEqual([
    'db',
    'web',
  ]);
  await expect(viewer.call('stack.remove', { stack: 'shop' })).rejects.toMatchObject({ code: 'forbidden' });
  await api.root.call('stack.remove', { stack: 'shop' });
  await expect(deploy(file('web:1'))).rejects.toThrow('is being taken away');
  const { entries } = await api.root.call('audit.list', { action: 'stack.*' });
  expect(entries.map(({ action, user, outcome }) => `${action} ${user} ${outcome.split(':')[0]}`)).toEqual([
    'stack.deploy root stack shop is being taken away',
    'stack.remove root ok',
    'stack.remove the-viewer user the-viewer is viewer; this needs operator',
    'stack.deploy the-operator ok',
    'stack.deploy the-viewer user the-viewer is viewer; this needs operator',
  ]);
});

it('hides the values of environments from viewers, also those of earlier releases', async () => {
  const withPassword = (word: string) => file('web:1', `, environment: { PASSWORD: ${word} }`);
  await deploy(file('web:1'));
  await deploy(withPassword('s3cret'));
  await deploy(withPassword('s4cret'));
  const web = { stack: 'shop', service: 'web' };
  const told = async (token: string) => {
    const client = api.client(token);
    return JSON.stringify([
      await client.call('stack.get', { stack: 'shop' }),
      await client.call('service.get', web),
      await client.call('release.history', web),
      await client.call('release.status', web),
      await client.call('release.preview', { ...web, to: 2 }),
    ]);
  };
  expect(await told(api.tokens.viewer)).not.toMatch(/s[34]cret/);
  expect(await told(api.tokens.viewer)).toContain('PASSWORD=(hidden)');
  expect(await told(api.tokens.operator)).toMatch(/PASSWORD=s[34]cret/);
});

it('hides from viewers whatever else a password may stand in, also what has changed of it', async () => {
  const withSecrets = (word: string) =>
    [
      ...['services:', '  web:', '    image: web:1', '    ports: ["8080"]'],
      '    build: { context: /src, args: { TOKEN: W } }',
      '    labels: { "traefik.auth": W, com.docker.compose.x: open }',
      '    logging: { driver: splunk, options: { splunk-token: W } }',
      '    deploy: { labels: { "5": W } }',
      '    volumes: [{ type: volume, source: data, target: /data, volume: { nocopy: true } }]',
      'volumes: { data: { driver_opts: { o: "password=W" }, labels: { w: W } } }',
      'networks: { default: { labels: { w: W } } }',
    ]
      .join('\n')
      .replaceAll('W', word);
  await deploy(withSecrets('s3cret'));
  await deploy(withSecrets('s4cret'));
  const record = api.store.view((tx) => tx.get('services', 'shop/web'));
  if (record === undefined) throw new Error('no service');
  const route: Route = {
    kind: 'route',
    host: { kind: 'prefix', name: 'shop' },
    scheme: 'http',
    scope: 'public',
    ...{ port: 80, path: '/', sticky: false },
    options: {
      request: { set: [{ name: 'X-Key', value: 's5cret' }], remove: [] },
      auth: { realm: 'r', salt: 's6cret'.repeat(4), users: ['ab'.repeat(32)] },
    },
  };
  await api.store.update((tx) =>
    tx.put('services', { ...record, service: { ...record.service, routes: [route] } }),
  );
  await api.store.update((tx) => {
    for (const name of ['shop_data', 'own'])
      tx.put('volumes', {
        ...{ kind: 'volume', name, createdAt: 1, createdBy: 'a' },
        spec: { Name: name, DriverOpts: { o: 's7cret' }, Labels: { w: 's7cret' } },
      });
    tx.put('balancers', {
      ...{
        kind: 'balancer',
        name: 'b',
        createdAt: 1,
        createdBy: 'a',
        targets: [],
        listens: [],
        sticky: false,
      },
      rules: { basic_auth: 's8cret', request_headers: 'X: s8cret', gzip: 'true' },
    });
  });
  const web = { stack: 'shop', service: 'web' };
  const told = async (token: string) => {
    const client = api.client(token);
    return JSON.stringify([
      await client.call('stack.get', { stack: 'shop' }),
      await client.call('service.get', web),
      await client.call('release.history', web),
      await client.call('release.preview', { ...web, to: 1 }),
      await client.call('route.list', {}),
      await client.call('volume.get', { volume: 'own' }),
      await client.call('balancer.list', {}),
    ]);
  };
  const seen = await told(api.tokens.viewer);
  expect(seen).not.toMatch(/s\dcret|abab/);
  for (const word of [
    ...['"TOKEN":"(hidden)"', '"traefik.auth":"(hidden)"', '"com.docker.compose.x":"open"'],
    ...['"splunk-token":"(hidden)"', '"5":"(hidden)"', '"o":"(hidden)"', '"w":"(hidden)"'],
    ...['{"name":"X-Key","value":"(hidden)"}', '"basic_auth":"(hidden)"', '"gzip":"true"'],
  ])
    expect(seen).toContain(word);
  expect(seen).toContain(`"users":["${'0'.repeat(64)}"]`);
  const all = await told(api.tokens.operator);
  for (const n of [3, 4, 5, 6, 7, 8]) expect(all).toContain(`s${n}cret`);
});

it('tells services and stacks as events', async () => {
  const stop = new AbortController();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { event } of api.root.events({ signal: stop.signal })) {
      if (event.kind === 'service')
        seen.push(`${event.name} ${event.change} ${event.release} ${event.state}`);
      if (event.kind === 'stack') seen.push(`${event.name} ${event.change}`);
      if (seen.length >= 4) stop.abort(new Error('enough'));
    }
  })().catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await deploy(file('web:1'));
  await api.root.call('release.pause', { stack: 'shop', service: 'web' });
  await reading;
  expect(seen.sort()).toEqual([
    'db added 1 releasing',
    'shop added',
    'web added 1 releasing',
    'web changed 1 paused',
  ]);
});

it('sends the log of a stack a line at a time, until the reader leaves', async () => {
  await deploy(file('web:1'));
  const items = [];
  for await (const item of api.root.lines('stack.logs', { stack: 'shop', service: 'db', tail: 3 }))
    items.push(item);
  expect(items).toEqual([
    { kind: 'note', text: 'container x: its host h9 is not connected' },
    expect.objectContaining({ kind: 'line', container: 'shop_db_1', stream: 'stderr', text: 'one' }),
  ]);
  const reader = new AbortController();
  const followed = api.root.lines('stack.logs', { stack: 'shop', follow: true }, { signal: reader.signal });
  const seen = (async () => {
    for await (const item of followed) if (item.kind === 'line') reader.abort(new Error('enough'));
  })();
  await expect(seen).rejects.toThrow('enough');
  const first = (input: Parameters<typeof api.root.lines<'stack.logs'>>[1]) =>
    api.root.lines('stack.logs', input)[Symbol.asyncIterator]().next();
  await expect(first({ stack: 'shop', service: 'nope' })).rejects.toThrow('no service "nope"');
  await expect(first({ stack: 'shop', since: 'x' })).rejects.toThrow('"x" is no time in seconds');
});

it('tells of jobs and their runs, and begins one by hand', async () => {
  const text =
    'services:\n  job: { image: j, labels: { berth.cron: "0 3 * * *", berth.cron.time_zone: Asia/Tokyo } }\n';
  await deploy(`${text}  web: { image: w }\n`);
  const job = { stack: 'shop', service: 'job' };
  api.clock.time = Date.parse('2026-01-01T00:00:00Z');
  const list = async () => (await api.root.call('job.list')).jobs;
  expect(await list()).toMatchObject([
    { ...job, schedule: '0 3 * * *', nextAt: Date.parse('2026-01-01T18:00:00Z'), running: 0, last: null },
  ]);
  const run = { number: 1, state: 'starting', by: 'root', dueAt: api.clock.time, hostName: '' };
  expect(await api.root.call('job.run', job)).toMatchObject(run);
  await expect(api.root.call('job.run', job)).rejects.toThrow('run 1 of shop/job goes on');
  expect((await api.root.call('job.history', job)).runs).toMatchObject([run]);
  expect(await list()).toMatchObject([{ running: 1, last: run }]);
  expect(await api.root.call('service.get', job)).toMatchObject({ mode: 'cron', wanted: 0 });
  await expect(api.root.call('service.scale', { ...job, replicas: 2 })).rejects.toThrow('runs at its times');
  await expect(api.root.call('job.run', { stack: 'shop', service: 'web' })).rejects.toThrow(
    'shop/web does not run at times',
  );
  const [spec] = stack(text).services;
  const put = (more: object) =>
    api.root.call('stack.deploy', {
      stack: 'shop',
      spec: { ...stack(text), services: [{ ...(spec as object), ...more } as never] },
    });
  await expect(put({ runs: { kind: 'cron', schedule: 'x' } })).rejects.toThrow(
    'service job: "x" is no schedule',
  );
  await expect(put({ scale: { kind: 'replicated', replicas: 2 } })).rejects.toThrow('a run is one container');
});

it('shares requests between two versions by hand, and takes a user’s word for the end of it', async () => {
  const labels = ', labels: { berth.release: blue-green, berth.routing.port_80: a.example.com }';
  const web = { stack: 'shop', service: 'web' };
  const { root } = api;
  const is = (state: ReleaseRecord['state'], current = 0) =>
    api.store.update((tx) => {
      const record = tx.get('services', 'shop/web');
      const release = tx.get('releases', releaseKey('shop', 'web', record?.release ?? 0));
      if (release !== undefined) tx.put('releases', { ...release, state });
      tx.put('serviceStatus', {
        ...{ kind: 'service-status', stack: 'shop', name: 'web', wanted: 2, running: 2, ready: 2, current },
        waiting: '',
      });
    });
  await deploy(file('web:1', labels));
  await expect(root.call('release.weight', { ...web, weight: 10 })).rejects.toThrow(
    'has no share of the requests',
  );
  await is('done');
  await deploy(file('web:2', labels));
  expect(await root.call('release.status', web)).toMatchObject({
    ...{ kind: 'blue-green', release: { number: 2, shift: { weight: 0 } } },
    next: 'once its containers are ready: confirmation',
  });
  await expect(root.call('release.weight', { ...web, weight: 10 })).rejects.toThrow(
    'no container that is ready',
  );
  await expect(root.call('release.confirm', web)).rejects.toThrow('no container that is ready');
  await expect(root.call('service.restart', web)).rejects.toThrow('two versions of service web serve');
  await expect(root.call('release.weight', { ...web, weight: 101 })).rejects.toThrow('weight');
  await is('waiting', 2);
  await expect(api.client(api.tokens.viewer).call('release.weight', { ...web, weight: 5 })).rejects.toThrow();
  expect((await root.call('release.weight', { ...web, weight: 10 })).release).toEqual({
    ...{ number: 2, state: 'waiting', reason: '10 % of the requests go to it, as root has set' },
  });
  expect((await root.call('release.confirm', web)).release).toMatchObject({
    state: 'confirmed',
    reason: 'by root',
  });
  await expect(root.call('release.weight', { ...web, weight: 10 })).rejects.toThrow('is confirmed, not');
  // It has not got all requests yet: what comes after stands against the one before it.
  await deploy(file('web:3', labels));
  const { releases } = await root.call('release.history', web);
  expect(releases.map(({ number, state, shift }) => [number, state, shift?.weight])).toEqual([
    [3, 'releasing', 0],
    [2, 'superseded', 10],
    [1, 'done', undefined],
  ]);
});

it('keeps log-ins of registries sealed, asks the registry first, and shows no password', async () => {
  const login = { registry: 'reg.example.com:5000', username: 'ci', password: 'hunter2' };
  await expect(api.root.call('registry.login', { ...login, password: 'wrong' })).rejects.toThrow(
    'does not take it',
  );
  expect((await api.root.call('registry.list')).logins).toEqual([]);
  const kept = { registry: login.registry, username: 'ci', service: '', by: 'root', at: api.clock.time };
  expect(await api.root.call('registry.login', login)).toEqual(kept);
  expect(await api.root.call('registry.list')).toEqual({ logins: [kept] });
  const stored = api.store.view((tx) => [...tx.all('registryLogins'), ...tx.all('audit')]);
  expect(JSON.stringify(stored)).not.toContain('hunter2');
  expect(stored).toHaveLength(3);
  const header = (image: string, service = 'shop/web') =>
    api.store.view((tx) => registryAuthFor(tx, api.deps.vault.vault, image, service));
  const text = Buffer.from(header('reg.example.com:5000/team/app:1') ?? '', 'base64').toString();
  expect(JSON.parse(text)).toEqual({ username: 'ci', password: 'hunter2', serveraddress: login.registry });
  expect(header('redis')).toBeUndefined();
  await api.store.update((tx) =>
    putLogin(tx, api.deps.vault.vault, {
      ...{ registry: login.registry, service: 'shop/web', auth: { identitytoken: 'own' }, by: 'ann', at: 1 },
    }),
  );
  expect(Buffer.from(header('reg.example.com:5000/app') ?? '', 'base64').toString()).toBe(
    '{"identitytoken":"own"}',
  );
  expect(header('reg.example.com:5000/app', 'shop/db')).not.toBe(header('reg.example.com:5000/app'));
  await api.root.call('vault.rotate');
  expect(header('reg.example.com:5000/app')).toBeDefined();
  await expect(api.client(api.tokens.operator).call('registry.login', login)).rejects.toThrow(
    'this needs admin',
  );
  await api.root.call('registry.logout', { registry: login.registry });
  await expect(api.root.call('registry.logout', { registry: login.registry })).rejects.toThrow(
    'there is no log-in',
  );
  expect((await api.root.call('registry.list')).logins).toMatchObject([{ service: 'shop/web' }]);
});

it('puts no log-in of a registry in place of one that was not seen', async () => {
  const login = { registry: 'reg.example.com', username: 'ci', password: 'hunter2' };
  const first = await api.root.call('registry.login', { ...login, was: null });
  await expect(
    api.root.call('registry.login', { ...login, username: 'me', was: null }),
  ).rejects.toMatchObject({
    code: 'conflict',
    message: 'the log-in of reg.example.com is of root by now, as user "ci"',
  });
  expect((await api.root.call('registry.list')).logins).toEqual([first]);
  api.clock.time += 1;
  await api.root.call('registry.login', { ...login, username: 'me', was: first.at });
  await api.root.call('registry.logout', { registry: login.registry });
  await expect(api.root.call('registry.login', { ...login, was: first.at })).rejects.toThrow(
    'the log-in of reg.example.com was taken away',
  );
  await api.root.call('registry.login', login);
});

it('tells who was slower what the other has done, and changes nothing then', async () => {
  await deploy(file('web:1'));
  const web = { stack: 'shop', service: 'web' };
  const operator = api.client(api.tokens.operator);
  await operator.call('service.scale', { ...web, replicas: 4, was: 2 });
  await expect(api.root.call('service.scale', { ...web, replicas: 5, was: 2 })).rejects.toMatchObject({
    code: 'conflict',
    message: 'service web is to have 4 containers by now, not 2: the-operator has set that (by hand)',
  });
  await deploy(file('web:2'));
  for (const name of ['rollback', 'pause', 'resume', 'confirm'] as const)
    await expect(api.root.call(`release.${name}`, { ...web, release: 1 })).rejects.toMatchObject({
      code: 'conflict',
      message: 'service web is at release 2 by now, not 1: root has begun it (deploy)',
    });
  await expect(api.root.call('release.weight', { ...web, weight: 5, release: 1 })).rejects.toThrow(
    'is at release 2 by now',
  );

  const rules = [{ metric: 'cpu' as const, target: 60 }];
  const scaling = { kind: 'scaling' as const, min: 1, max: 5, step: 1, rules };
  await operator.call('autoscale.set', { ...web, scaling, was: null });
  await expect(
    api.root.call('autoscale.set', { ...web, scaling: { ...scaling, max: 9 }, was: { ...scaling, max: 4 } }),
  ).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('max: 4 -> 5') });
  await expect(api.root.call('autoscale.set', { ...web, scaling, was: null })).rejects.toThrow(
    'rules: none -> {',
  );
  await api.root.call('autoscale.set', { ...web, scaling: { ...scaling, max: 9 }, was: scaling });
  expect(await api.root.call('autoscale.explain', web)).toMatchObject({ scaling: { max: 9 } });
});

describe('a way back', () => {
  const web = { stack: 'shop', service: 'web' };
  const route = (name: string, port = 80): Route => ({
    ...{ kind: 'route', port, host: { kind: 'domain', name }, path: '/', scheme: 'http' },
    ...{ scope: 'public', sticky: false },
  });
  /** Routes as files have them that name them outside of the containers' labels: they change without a release. */
  const put = (image: string, replicas: number, domains: readonly string[], port = 80) => {
    const whole = stack(`services:\n  web: { image: ${image}, deploy: { replicas: ${replicas} } }\n`);
    const routes = domains.map((domain) => route(domain, port));
    const spec = { ...whole, services: whole.services.map((one) => ({ ...one, routes })) };
    return api.root.call('stack.deploy', { stack: 'shop', spec });
  };
  const end = (number: number, state: ReleaseRecord['state'] = 'done') =>
    api.store.update((tx) => {
      const release = tx.get('releases', releaseKey('shop', 'web', number));
      if (release !== undefined) tx.put('releases', { ...release, state });
    });
  const now = async () => {
    const { spec, wanted, image } = await api.root.call('service.get', web);
    return [image, wanted, ...spec.routes.map(({ host }) => host.name)];
  };
  const fields = async (number: number) => {
    const { releases } = await api.root.call('release.history', web);
    return releases.find((one) => one.number === number)?.changes.map(({ field }) => field);
  };

  it('leaves alone what was deployed without a release since', async () => {
    await put('web:1', 2, ['a.com']);
    await end(1);
    expect((await put('web:1', 10, ['a.com', 'b.com'])).releases).toEqual([]);
    await put('web:2', 10, ['a.com', 'b.com']);
    expect(await fields(2)).toEqual(['container.Image']);
    expect((await api.root.call('release.preview', web)).changes).toEqual([
      { field: 'container.Image', before: 'web:2', after: 'web:1' },
    ]);
    // While it was under way, too.
    await put('web:2', 11, ['a.com', 'b.com', 'c.com']);
    await api.root.call('release.rollback', web);
    expect(await now()).toEqual(['web:1', 11, 'a.com', 'b.com', 'c.com']);
    expect(await fields(3)).toEqual(['container.Image']);
  });

  it('takes back what the release has changed beside its image: to what was so until then', async () => {
    await put('web:1', 2, ['a.com']);
    await end(1);
    await put('web:1', 10, ['a.com', 'b.com']);
    await put('web:2', 4, ['a.com', 'x.com']);
    expect(await now()).toEqual(['web:2', 4, 'a.com', 'x.com']);
    await api.root.call('release.rollback', web);
    expect(await now()).toEqual(['web:1', 10, 'a.com', 'b.com']);
  });

  it('brings back the number that was set by hand, which the deployment has ended', async () => {
    await put('web:1', 2, ['a.com']);
    await end(1);
    await api.root.call('service.scale', { ...web, replicas: 7 });
    await put('web:2', 2, ['a.com']);
    expect(await fields(2)).toEqual(['scale.replicas', 'container.Image']);
    await api.root.call('release.rollback', web);
    expect(await now()).toEqual(['web:1', 7, 'a.com']);
    // What is set since is the last word.
    await put('web:3', 2, ['a.com']);
    await api.root.call('service.scale', { ...web, replicas: 5 });
    await api.root.call('release.rollback', { ...web, to: 1 });
    expect(await now()).toEqual(['web:1', 5, 'a.com']);
  });

  it('goes over releases in between: what one of them has changed is as in the old one, and nothing else', async () => {
    await put('web:1', 2, ['a.com']);
    await end(1);
    await put('web:2', 2, ['a.com', 'x.com']);
    await end(2);
    await put('web:2', 9, ['a.com', 'x.com']);
    await put('web:3', 9, ['a.com', 'x.com']);
    await end(3);
    await api.root.call('release.rollback', { ...web, to: 1 });
    expect(await now()).toEqual(['web:1', 9, 'a.com']);
    await api.root.call('release.rollback', { ...web, to: 2 });
    expect(await now()).toEqual(['web:2', 9, 'a.com', 'x.com']);
  });

  it('leads to ports that the old containers have', async () => {
    await put('web:1', 2, ['a.com']);
    await end(1);
    await put('web:2', 3, ['a.com'], 81);
    await put('web:2', 8, ['a.com', 'b.com'], 81);
    await api.root.call('release.rollback', web);
    expect(await now()).toEqual(['web:1', 8, 'a.com']);
    const { spec } = await api.root.call('service.get', web);
    expect(spec.routes[0]?.port).toBe(80);
  });
});

it('says what a rollback would bring back, and what was released and scaled in a stack', async () => {
  await deploy(file('web:1'));
  const web = { stack: 'shop', service: 'web' };
  api.clock.time += 1000;
  await deploy(file('web:2'));
  const viewer = api.client(api.tokens.viewer);
  await expect(viewer.call('release.preview', web)).rejects.toThrow('no release before 2 that was done');
  await expect(viewer.call('release.preview', { ...web, to: 2 })).rejects.toThrow('has release 2 already');
  expect(await viewer.call('release.preview', { ...web, to: 1 })).toMatchObject({
    release: { number: 1, image: 'web:1', by: 'root' },
    changes: [{ field: 'container.Image', before: 'web:2', after: 'web:1' }],
  });
  api.clock.time += 1000;
  await api.root.call('service.scale', { ...web, replicas: 3 });
  const { changes } = await viewer.call('stack.history', { stack: 'shop' });
  expect(
    changes.map((one) => `${one.kind} ${one.service} ${one.kind === 'scale' ? one.to : one.number}`),
  ).toEqual(['scale web 3', 'release web 2', 'release db 1', 'release web 1']);
  await expect(viewer.call('stack.history', { stack: 'none' })).rejects.toThrow('there is no stack "none"');
});
