import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { JobRunView } from '../../contract/v1/jobs.ts';
import type { RouteView } from '../../contract/v1/route-list.ts';
import type { ServiceView, StackView } from '../../contract/v1/services.ts';
import type { TrafficView } from '../../contract/v1/traffic.ts';
import type { TriggerView } from '../../contract/v1/triggers.ts';
import { BerthError } from '../../kit/errors.ts';
import { tempDir, withManager } from '../testing/run.ts';

const service = (more: Partial<ServiceView> = {}): ServiceView => ({
  ...{ stack: 'shop', name: 'web', image: 'web:1', mode: 'replicated', scale: null, wanted: 2, running: 2 },
  ...{
    ready: 2,
    current: 2,
    waiting: '',
    release: { number: 1, state: 'done', reason: '' },
    removing: false,
  },
  ...more,
});
const stackView = (services: ServiceView[]): StackView => ({
  ...{ name: 'shop', generation: 1, at: 1, by: 'root', removing: false, services },
});
const spec = {
  ...{ kind: 'stack' as const, name: 'shop', services: [], externals: [], networks: [], volumes: [] },
  ...{ configs: [], secrets: [] },
};

function folder(): string {
  const cwd = join(tempDir(), 'shop');
  mkdirSync(cwd);
  const text = 'services:\n  web:\n    image: web:1\n    volumes: [data:/data]\nvolumes: { data: {} }\n';
  writeFileSync(join(cwd, 'compose.yaml'), text);
  return cwd;
}
const created = {
  diff: {
    created: [
      { kind: 'service' as const, key: 'web' },
      { kind: 'volume' as const, key: 'data' },
    ],
    changed: [
      {
        item: { kind: 'service' as const, key: 'db' },
        fields: [{ field: 'container.Image', before: 'db:1', after: 'db:2\u001b[2J' }],
      },
    ],
    removed: [{ kind: 'network' as const, key: 'back' }],
  },
  warnings: ['service web: nothing listens on port 53 (udp): the router has no UDP'],
  releases: [{ service: 'web', number: 1 }],
};

const routeOf = (name: string, of: string): RouteView => ({
  ...{ name, service: of, port: 80, ready: 1, pools: [], options: { sticky: false } },
  traffic: {
    ...{ windowMs: 60_000, requests: 0, errors: 0, requestsPerSecond: 0, errorRate: 0 },
    ...{ responses: [], bytesIn: 0, bytesOut: 0, p50: null, p95: null, p99: null },
  },
});

it('deploys: shows what changes, and how it goes until it is done', async () => {
  const looks = [
    service({ ready: 0, release: { number: 1, state: 'releasing', reason: '' }, waiting: 'no host fits' }),
    service({ ready: 1, release: { number: 1, state: 'releasing', reason: '' } }),
    service(),
  ];
  const { berth, manager } = await withManager({
    'stack.deploy': () => created,
    'stack.get': () => ({ ...stackView([looks.shift() ?? service()]), spec }),
    'route.list': () => ({
      routes: [routeOf('www.example.com', 'shop/web'), routeOf('example.org', 'shop2/web')],
      ingress: ['h2', 'h1', 'h3'].map((host) => ({
        ...{ host, address: '192.0.2.1', serving: host === 'h3' },
        error: host === 'h3' ? '' : 'the router does not run',
      })),
      missing: [],
    }),
  });
  const { code, stdout, stderr } = await berth(['deploy'], { cwd: folder() });
  expect(code).toBe(0);
  expect(stdout.split('\n')).toEqual([
    'stack shop:',
    '  + service web',
    '  + volume data, on one host, and with it web',
    '  ~ service db',
    '      container.Image: "db:1" -> "db:2\\u001b[2J"',
    '  - network back',
    'stack shop is deployed',
    '  www.example.com leads to shop/web',
    '',
  ]);
  expect(stderr.split('\n')).toEqual([
    'warning: service web: nothing listens on port 53 (udp): the router has no UDP',
    'web: 0/2 ready, release 1 releasing (no host fits)',
    'web: 1/2 ready, release 1 releasing',
    'web: 2/2 ready, release 1 done',
    'warning: hosts h1, h2: the router does not run',
    '',
  ]);
  expect(manager.calls[0]).toMatchObject({
    name: 'stack.deploy',
    input: { stack: 'shop', dryRun: false, spec: { services: [{ name: 'web' }] } },
  });
}, 60_000);

it('deploys to a manager of the version before, which keeps no compose files, and says so', async () => {
  const { berth, manager } = await withManager({
    'stack.deploy': (input) => {
      if ('source' in input)
        throw new BerthError('bad_request', 'unknown field "source" in the body', {
          hint: 'known are: spec',
        });
      return { diff: { created: [], changed: [], removed: [] }, warnings: [], releases: [] };
    },
    'stack.get': () => ({ ...stackView([service()]), spec }),
  });
  const { code, stdout, stderr } = await berth(['deploy'], { cwd: folder() });
  expect([code, stdout]).toEqual([0, 'stack shop: nothing changes\n']);
  expect(stderr).toBe(
    'warning: the manager is older than this program and does not keep compose files: upgrade it to edit the stack in the dashboard\n',
  );
  expect(manager.calls.map(({ name }) => name)).toEqual(['stack.deploy', 'stack.deploy', 'stack.get']);
}, 60_000);

it('says that nothing changes, and looks only where it is told to', async () => {
  const nothing = { diff: { created: [], changed: [], removed: [] }, warnings: [], releases: [] };
  const { berth, manager } = await withManager({
    'stack.deploy': () => nothing,
    'stack.get': () => ({ ...stackView([service()]), spec }),
  });
  const cwd = folder();
  expect((await berth(['deploy'], { cwd })).stdout).toBe('stack shop: nothing changes\n');
  expect((await berth(['stack', 'diff'], { cwd })).stdout).toBe('stack shop: nothing changes\n');
  const asked = manager.calls.filter(({ name }) => name === 'stack.deploy');
  expect(asked.map(({ input }) => (input as { dryRun: boolean }).dryRun)).toEqual([false, true]);
  writeFileSync(join(cwd, 'empty.yaml'), 'services: {}\n');
  writeFileSync(join(cwd, 'big.yaml'), 'x'.repeat(10 * 2 ** 20 + 1));
  const big = await berth(['deploy', '-f', 'big.yaml'], { cwd });
  expect(big.code).toBe(2);
  expect(big.stderr).toContain('big.yaml has 10485761 bytes, and at most 10485760 are read');
  const { stderr } = await berth(['deploy', '-f', 'empty.yaml'], { cwd });
  expect(stderr).toContain('no service is left to run: write some under services');
}, 60_000);

it('waits for what an earlier deployment has not ended, and fails as that does', async () => {
  const nothing = { diff: { created: [], changed: [], removed: [] }, warnings: [], releases: [] };
  const release = { number: 1, state: 'releasing' as const, reason: '' };
  let looks = [service({ ready: 1, release }), service({ ready: 1, release }), service()];
  const { berth } = await withManager({
    'stack.deploy': () => nothing,
    'stack.get': () => ({ ...stackView([looks.shift() ?? service()]), spec }),
    'route.list': () => ({ routes: [], ingress: [], missing: [] }),
  });
  const cwd = folder();
  const ended = await berth(['deploy'], { cwd });
  expect(ended).toMatchObject({ code: 0, stdout: 'stack shop: nothing changes\nstack shop is deployed\n' });
  expect(ended.stderr).toContain('not all ready yet\nweb: 1/2 ready, release 1 releasing\nweb: 2/2 ready');
  const paused = service({ release: { number: 2, state: 'paused', reason: 'container 1 ended with 3' } });
  looks = [paused, paused];
  expect((await berth(['deploy'], { cwd })).code).toBe(4);
}, 60_000);

it('fails where a release has gone back by itself', async () => {
  const back = {
    ...{
      number: 1,
      at: 1,
      by: 'ann',
      cause: { kind: 'deploy' as const },
      changes: [],
      failed: [],
      image: 'web:2',
    },
    ...{ state: 'rolled-back' as const, reason: 'container 4 ended with 3' },
  };
  const { berth } = await withManager({
    'stack.deploy': () => created,
    'stack.get': () => ({
      ...stackView([service({ release: { number: 2, state: 'done', reason: '' } })]),
      spec,
    }),
    'release.history': () => ({ releases: [back] }),
  });
  const { code, stdout, stderr } = await berth(['deploy'], { cwd: folder() });
  expect(code).toBe(4);
  expect(stdout).not.toContain('is deployed');
  expect(stderr).toContain('release 1 of shop/web was taken back: container 4 ended with 3');
}, 60_000);

it('fails where a release of somebody else took the place of its own', async () => {
  const release = { at: 1, changes: [], failed: [], image: 'web:2', reason: '' };
  const own = { ...release, number: 1, by: 'ann', cause: { kind: 'deploy' as const } };
  const later = { ...release, number: 2, by: 'bob', state: 'done' as const };
  let cause: { kind: 'restart' } | { kind: 'rollback'; to: number; automatic: boolean } = { kind: 'restart' };
  const done = service({ release: { number: 2, state: 'done', reason: '' } });
  const { berth } = await withManager({
    'stack.deploy': () => created,
    'stack.get': () => ({ ...stackView([done]), spec }),
    'release.rollback': () => service({ release: { number: 1, state: 'releasing', reason: '' } }),
    'release.status': () => ({
      ...{ release: { ...own, number: 1, state: 'done' as const }, kind: 'rolling', waiting: '', next: '' },
      ...{ versions: [], missing: [] },
    }),
    'release.history': () => ({
      releases: [
        { ...later, cause },
        { ...own, state: 'superseded' as const },
      ],
    }),
    'route.list': () => ({ routes: [], ingress: [], missing: [] }),
  });
  const cwd = folder();
  // The same once more is out all the same.
  expect((await berth(['deploy'], { cwd })).code).toBe(0);
  cause = { kind: 'rollback', to: 0, automatic: false };
  for (const args of [['deploy'], ['release', 'rollback', 'shop/web']]) {
    const { code, stdout, stderr } = await berth(args, { cwd });
    expect(code).toBe(4);
    expect(stdout).not.toMatch(/is deployed|is release/);
    expect(stderr).toContain(
      'release 1 of shop/web did not go out: release 2 by bob (a way back to 0) took its place',
    );
  }
}, 60_000);

it('tells what goes to and fro once, and who waits for whom', async () => {
  const release = { number: 1, state: 'releasing' as const, reason: '' };
  const [up, down] = [service({ release }), service({ ready: 1, release })];
  const waiting = service({ release: { number: 1, state: 'waiting', reason: 'for somebody to confirm it' } });
  const looks = [down, up, down, up, down, waiting];
  const { berth } = await withManager({
    'stack.deploy': () => created,
    'stack.get': () => ({ ...stackView([looks.shift() ?? waiting]), spec }),
    'route.list': () => ({ routes: [], ingress: [], missing: [] }),
  });
  const { stdout, stderr } = await berth(['deploy'], { cwd: folder() });
  expect(stderr.match(/^web: .*releasing$/gm)).toEqual([
    'web: 1/2 ready, release 1 releasing',
    'web: 2/2 ready, release 1 releasing',
  ]);
  expect(stdout).toContain('stack shop is deployed beside what was there: web waits for you\n');
}, 60_000);

it('ends with an error where a release has stopped, or takes too long', async () => {
  let shown = service({
    ready: 1,
    release: { number: 2, state: 'paused', reason: 'container 1 ended with 3' },
  });
  const { berth } = await withManager({
    'stack.deploy': () => created,
    'stack.get': () => ({ ...stackView([shown]), spec }),
  });
  const stopped = await berth(['deploy'], { cwd: folder() });
  expect(stopped.code).toBe(4);
  expect(stopped.stderr).toContain('release 2 of shop/web is paused: container 1 ended with 3');
  expect(stopped.stderr).toContain('"berth release rollback shop/web" goes back');
  shown = service({
    ready: 0,
    release: { number: 2, state: 'releasing', reason: '' },
    waiting: 'no host fits',
  });
  const late = await berth(['deploy', '--timeout', '1'], { cwd: folder() });
  expect(late.code).toBe(1);
  expect(late.stderr).toContain(
    'shop/web is not released after 1 s: 0/2 ready, release 2 releasing (no host fits)',
  );
  expect((await berth(['deploy', '--detach'], { cwd: folder() })).code).toBe(0);
}, 60_000);

it('tells what is there already from what it makes, and how long the step of a release takes', async () => {
  const kinds = ['network', 'volume', 'config', 'secret'] as const;
  const parts = kinds.map(
    (kind) => `${kind}s: {old: {external: true}${kind === 'volume' ? ', new: {}' : ''}}`,
  );
  const cwd = folder();
  writeFileSync(join(cwd, 'compose.yaml'), ['services: {web: {image: "web:1"}}', ...parts, ''].join('\n'));
  const made = [...kinds.map((kind) => ({ kind, key: 'old' })), { kind: 'volume' as const, key: 'new' }];
  const release = { number: 2, state: 'releasing' as const, reason: '' };
  const looks = [service({ release, next: 'step 1 of 2, until 12:00; then: 60 %' }), service()];
  const { berth } = await withManager({
    'stack.deploy': () => ({ ...created, diff: { created: made, changed: [], removed: [] } }),
    'stack.get': () => ({ ...stackView([looks.shift() ?? service()]), spec }),
    'route.list': () => ({ routes: [], ingress: [], missing: [] }),
  });
  const { stdout, stderr } = await berth(['deploy'], { cwd });
  expect(stdout.split('\n').slice(1, 6)).toEqual([
    ...kinds.map((kind) => `    ${kind} old, which is there already`),
    '  + volume new',
  ]);
  expect(stderr).toContain('web: 2/2 ready, release 2 releasing (step 1 of 2, until 12:00; then: 60 %)\n');
}, 60_000);

it('ends with an error where a first release is not whole in time, once nothing else is under way', async () => {
  const first = { number: 1, state: 'releasing' as const, reason: '' };
  const web = service({ ready: 1, release: first, overdue: 'shop_web_1 ended with 3' });
  let seen = 0;
  const rounds = [
    [web, service({ name: 'db', ready: 1, release: first })],
    [web, service({ name: 'db', ready: 2, release: { ...first, state: 'done' } })],
  ];
  const { berth, manager } = await withManager({
    'stack.deploy': () => created,
    'stack.get': () => ({ ...stackView(rounds[seen++] ?? []), spec }),
  });
  const { code, stderr } = await berth(['deploy'], { cwd: folder() });
  expect(code).toBe(4);
  expect(stderr).toContain(
    'release 1 of shop/web is 1/2 ready, though there was time enough: shop_web_1 ended with 3',
  );
  expect(stderr).toContain('it is tried on');
  expect(manager.calls.filter(({ name }) => name === 'stack.get')).toHaveLength(2);
}, 60_000);

it('scales, restarts, goes back, pauses and resumes a service', async () => {
  const { berth, manager } = await withManager({
    'service.scale': () => service({ scale: 5 }),
    'service.restart': () => service(),
    'release.rollback': () => service({ release: { number: 4, state: 'releasing', reason: '' } }),
    'release.pause': () => service(),
    'release.resume': () => service(),
    'stack.get': () => ({ ...stackView([service()]), spec }),
  });
  expect((await berth(['service', 'scale', 'shop/web', '5'])).stdout).toBe('shop/web scaled to 5\n');
  expect((await berth(['release', 'rollback', 'shop/web', '--to', '2'])).stdout).toBe(
    'shop/web is release 4\n',
  );
  await berth(['service', 'restart', 'shop/web', '-d']);
  await berth(['release', 'pause', 'shop/web']);
  await berth(['release', 'resume', 'shop/web', '-d']);
  const own = { stack: 'shop', service: 'web' };
  expect(
    manager.calls.filter(({ name }) => name !== 'stack.get').map(({ name, input }) => [name, input]),
  ).toEqual([
    ['service.scale', { ...own, replicas: 5 }],
    ['release.rollback', { ...own, to: 2 }],
    ['service.restart', own],
    ['release.pause', own],
    ['release.resume', own],
  ]);
  for (const [count, code] of [
    ['-1', 2],
    ['x', 2],
    ['10001', 2],
  ] as const)
    expect((await berth(['service', 'scale', 'shop/web', '--', count])).code).toBe(code);
  expect((await berth(['service', 'ps', 'web'])).stderr).toContain(
    '"web" names no service: write STACK/SERVICE',
  );
}, 60_000);

it('shows where more containers of a service would go, without doing it', async () => {
  const plans = [
    { coming: [{ name: 'shop_web_3', host: 'h1' }], leaving: [], refusal: '' },
    { coming: [], leaving: [{ id: 'c2', name: 'shop_web_2', host: 'h2' }], refusal: '' },
    { coming: [], leaving: [], refusal: '' },
    {
      ...{ coming: [{ name: 'shop_web_3', host: 'h1' }, { name: 'shop_web_4' }], leaving: [] },
      refusal: '2 hosts: not enough memory',
    },
  ];
  const { berth, manager } = await withManager({
    'service.plan': () => plans.shift() as NonNullable<(typeof plans)[0]>,
  });
  const plan = (count: string) => berth(['service', 'scale', 'shop/web', count, '--dry-run']);
  expect((await plan('3')).stdout.split('\n')).toEqual(['   CONTAINER   HOST', '+  shop_web_3  h1', '']);
  expect((await plan('1')).stdout).toContain('-  shop_web_2  h2\n');
  expect((await plan('2')).stdout).toBe('nothing would change: there are so many\n');
  const { code, stdout, stderr } = await plan('4');
  expect([code, stderr]).toEqual([
    5,
    'berth: 1 of 2 would find no host: 2 hosts: not enough memory → ask for fewer, or add a host ("berth token create")\n',
  ]);
  expect(stdout).toContain('+  shop_web_4  none\n');
  expect(manager.calls.map(({ name }) => name)).toEqual(Array(4).fill('service.plan'));
}, 60_000);

it('shows two versions, shares requests between them, and waits for no more where a user is waited for', async () => {
  const traffic: TrafficView = {
    ...{ windowMs: 60_000, requests: 92, errors: 45, requestsPerSecond: 1.53, errorRate: 0.489 },
    ...{ responses: [0, 47, 0, 0, 45, 0], bytesIn: 1, bytesOut: 1, p50: 2.5, p95: 23.8, p99: null },
  };
  const waiting = { number: 2, state: 'waiting' as const, reason: 'for somebody to confirm it' };
  const { berth, manager } = await withManager({
    'release.status': () => ({
      release: {
        ...{ number: 2, at: 1, by: 'ann\u001b[2J', cause: { kind: 'deploy' }, changes: [], state: 'waiting' },
        ...{ reason: 'for somebody to confirm it', failed: [], image: 'web:2' },
      },
      ...{ kind: 'blue-green', waiting: '', next: '"berth release confirm shop/web" takes the old one away' },
      versions: [
        { release: 2, image: 'web:2', containers: 3, ready: 2, weight: 20, traffic },
        { release: 1, image: 'web:1', containers: 3, ready: 3, weight: 80, traffic },
      ],
      missing: ['h2'],
    }),
    'release.weight': () => service({ release: waiting }),
    'release.confirm': () => service(),
    'release.resume': () => service({ release: waiting }),
    'stack.get': () => ({ ...stackView([service({ release: waiting })]), spec }),
  });
  const status = await berth(['release', 'status', 'shop/web']);
  expect(status.stdout).toMatch(/^shop\/web: release 2 is waiting \(blue-green, by ann\\x1b\[2J /);
  expect(status.stdout).toMatch(/2 +web:2 +2\/3 +20 % +1\.5\/s +48\.9 % +24 ms/);
  expect(status.stderr).toContain('h2');
  expect((await berth(['release', 'weight', 'shop/web', '20'])).stdout).toBe(
    'shop/web: 20 % of the requests go to release 2\n',
  );
  await berth(['release', 'confirm', 'shop/web', '-d']);
  const resumed = await berth(['release', 'resume', 'shop/web']);
  expect(resumed.code).toBe(0);
  expect(resumed.stderr).toContain('web: both versions are there; "berth release weight shop/web 20"');
  const own = { stack: 'shop', service: 'web' };
  expect(
    manager.calls.filter(({ name }) => name.startsWith('release.')).map(({ name, input }) => [name, input]),
  ).toEqual([
    ['release.status', own],
    ['release.weight', { ...own, weight: 20 }],
    ['release.confirm', own],
    ['release.resume', own],
  ]);
  expect((await berth(['release', 'weight', 'shop/web', '101'])).code).toBe(2);
}, 60_000);

it('lists stacks, services, containers and releases, and takes a stack away', async () => {
  const lists = [[stackView([service()])], [stackView([service({ running: 1 })])], []];
  const member = {
    ...{ id: 'c1', name: 'shop_web_1', service: 'web', index: 1, release: 1, hostId: 'h', hostName: 'alpha' },
    ...{ image: 'web:1', state: 'running', health: 'none', startedAt: 0, refusal: '' },
  };
  const release = {
    ...{
      number: 2,
      at: 1,
      by: 'ann',
      cause: { kind: 'rollback' as const, to: 1, automatic: true },
      changes: [],
    },
    ...{ state: 'done' as const, reason: '', failed: [], image: 'web:1' },
  };
  const { berth, manager } = await withManager({
    'stack.list': () => ({ stacks: lists.length > 1 ? (lists.shift() ?? []) : [] }),
    'stack.get': () => ({ ...stackView([service()]), spec }),
    'stack.ps': () => ({ containers: [member] }),
    'release.history': () => ({ releases: [release] }),
    'stack.history': () => ({
      changes: [
        { kind: 'scale', service: 'web', at: 2, by: 'ann', from: 2, to: 5, why: 'by hand' },
        { ...release, kind: 'release', service: 'web' },
      ],
    }),
    'stack.remove': () => ({}),
    'volume.list': () => ({ volumes: [] }),
  });
  expect((await berth(['stack', 'ls'])).stdout).toMatch(/shop +1 +2\/2 +done +.*by root/);
  expect((await berth(['service', 'ls', 'shop'])).stdout).toMatch(
    /shop\/web +replicated +2\/2 +web:1 +1 done/,
  );
  expect((await berth(['stack', 'ps', 'shop'])).stdout).toMatch(/shop_web_1 +web +alpha +1 +web:1 +running/);
  expect((await berth(['release', 'history', 'shop/web'])).stdout).toContain('back to 1, by itself');
  const history = (await berth(['stack', 'history', 'shop'])).stdout;
  expect(history).toMatch(/ann +web +2 to 5 containers +by hand/);
  expect(history).toMatch(/ann +web +release 2, back to 1: done/);
  expect((await berth(['stack', 'rm', 'shop'])).code).toBe(2);
  const removed = await berth(['stack', 'rm', 'shop', '--yes']);
  expect([removed.code, removed.stdout]).toEqual([0, 'shop\n']);
  expect(removed.stderr).toContain('shop: 1 containers left');
  expect(manager.calls.filter(({ name }) => name === 'stack.remove')).toHaveLength(1);
}, 60_000);

it('deletes volumes of a stack that were named, one by one, and says of the others how', async () => {
  const volume = (key: string) => ({
    ...{ name: `shop_${key}`, key, driver: 'local', hostNames: ['alpha'], stack: 'shop', users: [] },
  });
  const gone: string[] = [];
  const { berth, manager } = await withManager({
    'stack.list': () => ({ stacks: [] }),
    'stack.get': () => ({ ...stackView([service()]), spec }),
    'stack.remove': () => ({}),
    'volume.list': () => ({ volumes: [volume('cache'), volume('data')] }),
    'volume.remove': ({ volume: name }) => {
      if (name === 'shop_cache') throw new BerthError('conflict', 'volume shop_cache is in use by x');
      gone.push(name);
      return {};
    },
  });
  const rm = ['stack', 'rm', 'shop'];
  const removals = () => manager.calls.filter(({ name }) => name === 'stack.remove').length;
  const none = await berth([...rm, '--yes']);
  expect([none.code, none.stdout, none.stderr]).toEqual([
    ...[0, 'shop\n'],
    'volume shop_cache stays on alpha: "berth volume rm shop_cache" deletes it\n' +
      'volume shop_data stays on alpha: "berth volume rm shop_data" deletes it\n',
  ]);
  const named = await berth([...rm, '--yes', '--volumes', 'data']);
  expect([named.code, named.stdout]).toEqual([0, 'deleted volume shop_data\nshop\n']);
  expect(named.stderr).toContain('volume shop_cache stays');
  const busy = await berth([...rm, '--yes', '--json', '--volumes', 'shop_cache,data']);
  expect(JSON.parse(busy.stdout)).toEqual({
    stacks: ['shop'],
    volumes: { deleted: ['shop_data'], kept: ['shop_cache'] },
  });
  expect([busy.code, busy.stderr]).toEqual([4, expect.stringContaining('shop_cache is in use by x')]);
  expect(removals()).toBe(3);
  for (const [flags, said] of [
    [['--volumes', 'dat'], '"dat" is no volume of these stacks: they have shop_cache, shop_data'],
    [['--volumes'], '--yes asks nothing'],
    [['--volumes', 'data', '--detach'], 'waits until the containers are gone'],
  ] as const) {
    const refused = await berth([...rm, '--yes', ...flags]);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(said)]);
  }
  expect(removals()).toBe(3);
  gone.length = 0;
  const ask = (input: string) => berth([...rm, '--volumes'], { input, isTTY: { stdin: true } });
  const asked = await ask('y\n\nshop_data\n');
  expect([asked.code, asked.stderr]).toEqual([
    0,
    expect.stringContaining('Take away shop, and ask for volumes? [y/N]'),
  ]);
  expect(gone).toEqual(['shop_data']);
  const wrong = await ask('y\n\ndata\n');
  expect([wrong.code, wrong.stderr]).toEqual([4, expect.stringContaining('"data" is not shop_data')]);
  expect([removals(), gone]).toEqual([4, ['shop_data']]);
  const list = await berth(['volume', 'ls', 'shop']);
  expect(list.stdout).toMatch(/shop_data +local +alpha +shop +-/);
  expect((await berth(['volume', 'rm', 'shop_data', '--yes'])).stdout).toBe('removed shop_data\n');
  const refused = async (...words: string[]) =>
    (await berth(words, { input: 'n\n', isTTY: { stdin: true } })).stderr;
  expect(await refused(...rm)).toContain('Take away shop, and keep volume shop_cache, shop_data? [y/N]');
  expect(await refused('volume', 'rm', 'a')).toContain('Delete, with all content, the volume a? [y/N]');
  expect(await refused('volume', 'rm', 'a', 'b')).toContain('the volumes a, b? [y/N]');
}, 60_000);

it('shows logs with whose they are, harmless for a terminal', async () => {
  const line = {
    ...{
      kind: 'line' as const,
      container: 'shop_web_1',
      service: 'web',
      hostName: 'h1',
      stream: 'stdout' as const,
    },
    ...{ at: '2026-01-01T00:00:00.000000000Z', text: '\u001b[31mred\u001b[0m\tand \u001b[2J' },
  };
  const { berth, manager } = await withManager({
    'stack.logs': () => [{ kind: 'note', text: 'container x: gone' }, line],
  });
  const clock = { now: () => 1_000_000, sleep: () => Promise.resolve() };
  const plain = await berth(['service', 'logs', 'shop/web', '-f', '--tail', '3', '--since', '10s'], {
    clock,
  });
  expect(plain).toEqual({
    code: 0,
    stdout: 'shop_web_1 | red\tand \\x1b[2J\n',
    stderr: 'warning: container x: gone\n',
  });
  expect(manager.calls[0]?.input).toEqual({
    ...{ stack: 'shop', service: 'web', follow: true, tail: 3, since: '990.000' },
  });
  const coloured = await berth(['stack', 'logs', 'shop', '-t', '--no-log-prefix'], {
    isTTY: { stdout: true },
  });
  expect(coloured.stdout).toBe(
    '2026-01-01T00:00:00.000000000Z \u001b[31mred\u001b[0m\tand \\x1b[2J\u001b[0m\n',
  );
  const json = await berth([
    'stack',
    'logs',
    'shop',
    '--json',
    '--since',
    '2026-01-01T00:00:00Z',
    '--tail',
    'all',
  ]);
  expect(JSON.parse(json.stdout)).toEqual(line);
  expect(manager.calls.at(-1)?.input).toEqual({ stack: 'shop', since: '1767225600.000' });
  const wrong = await berth(['stack', 'logs', 'shop', '--since', 'then']);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('--since: "then" is no time')]);
}, 60_000);

it('lists jobs and their runs, and runs one to its end', async () => {
  const run = (more: Partial<JobRunView> = {}): JobRunView => ({
    ...{
      number: 7,
      release: 1,
      dueAt: 1_000,
      state: 'running',
      reason: '',
      hostName: 'h1',
      startedAt: 1_000,
      ...more,
    },
  });
  const ended = run({ state: 'failed', endedAt: 3_500, exitCode: 3, reason: 'ended with 3' });
  const looks = [run({ by: 'ann' }), ended];
  const job = {
    ...{ stack: 'shop', service: 'backup', image: 'b', schedule: '0 3 * * *', timeZone: 'UTC', running: 0 },
    ...{ overlap: 'skip' as const, latestMs: 1, keep: 3, nextAt: 3_601_000, last: ended },
  };
  const { berth } = await withManager({
    'job.list': () => ({ jobs: [job] }),
    'job.history': () => ({ runs: [looks.shift() ?? ended, run({ number: 6, state: 'missed', count: 12 })] }),
    'job.run': () => run({ state: 'starting', by: 'ann' }),
  });
  const clock = { now: () => 1_000, sleep: () => Promise.resolve() };
  expect((await berth(['job', 'ls'], { clock })).stdout).toMatch(
    /shop\/backup +0 3 \* \* \* +UTC +in 1 hour .* failed +ended with 3/,
  );
  const went = await berth(['job', 'run', 'shop/backup'], { clock });
  expect(went).toMatchObject({ code: 4, stdout: 'run 7 of shop/backup failed\n' });
  expect(went.stderr).toMatch(
    /run 7: starting\nrun 7: running\n.*failed: ended with 3.*service logs shop\/backup/s,
  );
  const detached = await berth(['job', 'run', 'shop/backup', '-d'], { clock });
  expect(detached).toMatchObject({ code: 0, stdout: 'run 7 of shop/backup is asked for\n' });
  const { stdout } = await berth(['job', 'history', 'shop/backup']);
  expect(stdout).toMatch(/7 .* failed +3 +2\.5 s +h1 +schedule +ended with 3\n +6 .* missed \(12\) +- +- /);
}, 60_000);

it('logs the cluster in to a registry and out of it, and no password is an argument', async () => {
  const login = { registry: 'reg:5000', username: 'ci', service: '', at: 1_000, by: 'root' };
  const { berth, manager } = await withManager({
    'registry.login': () => login,
    'registry.list': () => ({ logins: [login, { ...login, service: 'shop/web', username: '' }] }),
    'registry.logout': () => ({}),
  });
  const args = ['registry', 'login', 'https://Reg:5000/v2/', '-u', 'ci', '--password-stdin'];
  expect(await berth(args, { input: 'hunter2\n' })).toEqual({
    ...{ code: 0, stdout: 'images of reg:5000 are pulled as ci\n', stderr: '' },
  });
  expect(manager.calls[0]?.input).toEqual({ registry: 'reg:5000', username: 'ci', password: 'hunter2' });
  expect((await berth(['registry', 'login', 'reg', '-u', 'x'])).stderr).toContain(
    'pipe it in with --password-stdin',
  );
  const { stdout } = await berth(['registry', 'ls'], {
    clock: { now: () => 61_000, sleep: () => Promise.resolve() },
  });
  expect(stdout).toMatch(/reg:5000 +ci +all services +1 minute ago by root\n.* shop\/web /);
  expect((await berth(['registry', 'logout', 'reg:5000'])).stdout).toBe(
    'the log-in of reg:5000 is forgotten\n',
  );
}, 60_000);

it('makes, lists and ends triggers; the URL stands alone, so that it can be piped', async () => {
  const trigger = (more: Partial<TriggerView> = {}): TriggerView => ({
    ...{ id: 't1', stack: 'shop', service: 'web', name: 'ci', action: { kind: 'redeploy' } },
    ...{ createdAt: 0, createdBy: 'ann', firedAt: null, ...more },
  });
  const url = 'https://10.0.0.1:8443/v1/trigger?id=t1&token=berth_trg_x';
  const { berth, manager } = await withManager({
    'trigger.create': () => ({ ...trigger(), token: 'berth_trg_x', url }),
    'trigger.list': () => ({
      triggers: [trigger(), trigger({ action: { kind: 'scale', min: 1, max: 5 }, firedAt: 1_000 })],
    }),
    'trigger.delete': () => ({}),
  });
  const made = await berth(['trigger', 'create', 'shop/web', '--name', 'ci']);
  expect(made.stdout).toBe(`${url}\n`);
  expect(made.stderr).toContain('ca.pem is at https://10.0.0.1:8443/v1/ca.pem');
  expect(made.stderr).not.toContain('berth_trg_x');
  await berth(['trigger', 'create', 'shop/web', '--scale', '--min', '20']);
  expect(manager.calls.map(({ input }) => input)).toEqual([
    { stack: 'shop', service: 'web', name: 'ci', action: { kind: 'redeploy' } },
    { stack: 'shop', service: 'web', action: { kind: 'scale', min: 20, max: 20 } },
  ]);
  const clock = { now: () => 61_000, sleep: () => Promise.resolve() };
  expect((await berth(['trigger', 'ls'], { clock })).stdout).toMatch(
    /t1 +shop\/web +ci +redeploys .* ann +never\nt1 .* scales 1\.\.5 .* 1 minute ago\n/,
  );
  expect((await berth(['trigger', 'rm', 't1', '--yes'])).stdout).toBe('removed t1\n');
  for (const wrong of [
    ['--redeploy', '--scale'],
    ['--max', '3'],
    ['--scale', '--max', '0'],
    ['--scale', '--min', '5', '--max', '2'],
  ])
    expect((await berth(['trigger', 'create', 'shop/web', ...wrong])).code).toBe(2);
}, 60_000);
