import { describe, expect, it } from 'vitest';
import { errorsOf, read, serviceIn, warningsOf } from '../testing.ts';
import { LABELS } from './table.ts';

type Labels = Readonly<Record<string, string>>;
const file = (labels: Labels, more: object = {}) =>
  JSON.stringify({ services: { a: { image: 'x', labels, ...more } } });
const service = (labels: Labels, more: object = {}) => serviceIn(read(file(labels, more)), 'a');
const messages = (texts: readonly string[]) =>
  texts.map((text) => text.replace(/^compose\.yml:1:\d+: services\.a\./, ''));
const errors = (labels: Labels, more: object = {}) => messages(errorsOf(file(labels, more)));
const warnings = (labels: Labels, more: object = {}) => messages(warningsOf(file(labels, more)));

/** Every label that Aliyun's documents and its users' files have, with a value that it takes. */
const VALUES: Readonly<Record<string, string>> = {
  scale: '3',
  global: 'true',
  rolling_updates: 'false',
  'rolling_updates.parallelism': '2',
  depends: 'b',
  latest_image: 'true',
  'probe.url': 'http://container:8080/ok',
  'probe.cmd': 'test -f /ok',
  'probe.timeout_seconds': '5',
  'probe.initial_delay_seconds': '7',
  'routing.port_80': 'www.example.com',
  'routing.session_sticky': 'false',
  'lb.port_80': 'http://lb:8080',
  'auto_scaling.min_instances': '2',
  'auto_scaling.max_instances': '4',
  'auto_scaling.step': '2',
  'auto_scaling.max_cpu': '90',
  'auto_scaling.min_cpu': '10',
  'auto_scaling.max_memory': '90',
  'auto_scaling.min_memory': '10',
  'auto_scaling.max_internetInRate': '900',
  'auto_scaling.min_internetInRate': '10',
  'auto_scaling.max_internetOutRate': '900',
  'auto_scaling.min_internetOutRate': '10',
  log_store_web: 'stdout',
  log_ttl_web: '30',
  'log.timestamp': 'false',
  'logs.web': '/var/log/*.log',
  'logs.web.format': 'json',
  'logs.web.tags': 'a=1,b=2',
};
/** Labels that change nothing without another one. */
const BESIDE: Readonly<Record<string, Labels>> = {
  'probe.timeout_seconds': { 'berth.probe.cmd': 'true' },
  'probe.initial_delay_seconds': { 'berth.probe.cmd': 'true' },
  'routing.session_sticky': { 'berth.routing.port_80': 'www' },
  log_ttl_web: { 'berth.logs.web': 'stdout' },
  'log.timestamp': { 'berth.logs.web': 'stdout' },
  'logs.web.format': { 'berth.logs.web': 'stdout' },
  'logs.web.tags': { 'berth.logs.web': 'stdout' },
};

describe('each label of Aliyun', () => {
  const shared = LABELS.filter(({ own }) => !own).map(({ name }) =>
    name.replace('port_*', 'port_80').replace('*', 'web'),
  );

  it('is known', () => {
    expect(shared.toSorted()).toEqual(Object.keys(VALUES).toSorted());
  });

  it.each(shared)('%s changes the service, and so does its twin', (name) => {
    const value = VALUES[name];
    if (value === undefined) throw new Error(`the test has no value of ${name}`);
    const stack = (labels: Labels) => {
      const text = JSON.stringify({ services: { a: { image: 'x', labels }, b: { image: 'y' } } });
      const { container, ...rest } = serviceIn(read(text), 'a');
      return rest;
    };
    const beside = BESIDE[name] ?? {};
    const with_ = stack({ ...beside, [`aliyun.${name}`]: value });
    expect(with_).not.toEqual(stack(beside));
    expect(stack({ ...beside, [`berth.${name}`]: value })).toEqual(with_);
  });
});

it('refuses twins with two values, with both places', () => {
  expect(
    errorsOf('services:\n  a:\n    image: x\n    labels:\n      aliyun.scale: 2\n      berth.scale: 3\n'),
  ).toEqual([
    'compose.yml:6:7: services.a.labels["berth.scale"]: is "3", and aliyun.scale is "2" (compose.yml:5:7): both mean the same, remove one',
  ]);
  expect(warnings({ 'aliyun.scale': '2', 'berth.scale': '2' })).toEqual([]);
});

it('tells labels that it does not know', () => {
  expect(warnings({ 'aliyun.scal': '2' })).toEqual([
    'labels["aliyun.scal"]: is no label that Berth knows, and changes nothing: did you mean aliyun.scale?',
  ]);
  expect(errors({ 'berth.scal': '2' })).toEqual([
    'labels["berth.scal"]: is no label of Berth\'s: did you mean berth.scale?',
  ]);
  expect(errors({ 'berth.cluster.id': 'x' })).toEqual([
    'labels["berth.cluster.id"]: is set by Berth itself: remove it',
  ]);
  expect(warnings({ 'aliyun.log_store_web': 'stdout' })[0]).toContain("there is no cloud's log store here");
});

describe('routes', () => {
  it('are domains, prefixes and paths', () => {
    const { routes } = service({
      'aliyun.routing.port_8080':
        'wordpress;http://WP.x.com/ctx;https://y.com;*.z.com;db.local;bücher.example/a',
    });
    expect(
      routes.map(({ host, path, scheme, scope, port }) => [host.kind, host.name, path, scheme, scope, port]),
    ).toEqual([
      ['prefix', 'wordpress', '/', 'http', 'public', 8080],
      ['domain', 'wp.x.com', '/ctx', 'http', 'public', 8080],
      ['domain', 'y.com', '/', 'https', 'public', 8080],
      ['domain', '*.z.com', '/', 'http', 'public', 8080],
      ['domain', 'db.local', '/', 'http', 'cluster', 8080],
      ['domain', 'xn--bcher-kva.example', '/a', 'http', 'public', 8080],
    ]);
    expect(routes.every(({ sticky }) => sticky)).toBe(true);
  });

  it('belong to one service, whatever its weight', () => {
    const both = (labels: Labels) =>
      JSON.stringify({
        services: {
          a: { image: 'x', labels: { 'berth.routing.port_80': 'w.x.com' } },
          b: { image: 'y', labels },
        },
      });
    expect(errorsOf(both({ 'berth.routing.port_81': 'W.x.com/' }))[0]).toContain(
      'the route w.x.com/ is taken by the service "a"',
    );
    for (const weight of ['0', '50'])
      expect(
        errorsOf(both({ 'berth.routing.port_81': 'w.x.com', 'berth.routing.weight': weight }))[0],
      ).toContain('is taken by the service "a"');
    const off = read(both({ 'berth.routing.port_81': 'v.x.com', 'berth.routing.weight': '0' }));
    expect(serviceIn(off, 'b').weight).toBe(0);
    expect(off.warnings).toEqual([]);
    const half = read(both({ 'berth.routing.port_81': 'v.x.com', 'berth.routing.weight': '50' }));
    expect(half.warnings.map(({ message }) => message).join()).toContain('changes nothing between 1 and 99');
  });
});

describe('labels below deploy', () => {
  const web = (labels: Labels, deployed: Labels) =>
    JSON.stringify({ services: { a: { image: 'x', labels, deploy: { labels: deployed } } } });

  it('mean what they mean on the service', () => {
    const deployed = {
      'berth.routing.port_80': 'w.x.com',
      'aliyun.scale': '3',
      'berth.failover': 'false',
      team: 'b',
    };
    const found = read(web({}, deployed));
    const one = serviceIn(found, 'a');
    expect(one.routes).toMatchObject([{ port: 80, host: { name: 'w.x.com' } }]);
    expect(one.scale).toEqual({ kind: 'replicated', replicas: 3 });
    expect(one.labels).toEqual(deployed);
    // Who moves containers reads it there; what is the service's alone stays with it.
    expect(one.container.Labels).toMatchObject({ 'berth.failover': 'false' });
    expect(one.container.Labels).not.toHaveProperty('team');
    expect(one.container.Labels).not.toHaveProperty('aliyun.scale');
    expect(found.warnings).toEqual([]);
  });

  it('go behind those of the service, which is told', () => {
    const own = { 'berth.scale': '2', 'berth.failover': 'true', 'berth.job': 'true' };
    const found = read(web(own, { 'aliyun.scale': '3', 'berth.failover': 'false', 'berth.job': 'true' }));
    expect(serviceIn(found, 'a').scale).toEqual({ kind: 'replicated', replicas: 2 });
    expect(serviceIn(found, 'a').container.Labels).toMatchObject({ 'berth.failover': 'true' });
    expect(found.warnings.map(({ key }) => key)).toEqual([
      'services.a.deploy.labels["aliyun.scale"]',
      'services.a.deploy.labels["berth.failover"]',
    ]);
  });

  it('are told where they are misspelt', () => {
    expect(errorsOf(web({}, { 'berth.scal': '2' }))[0]).toContain('did you mean berth.scale?');
    expect(errorsOf(web({}, { 'berth.failover': 'perhaps' }))[0]).toContain('must be true or false');
  });
});

describe('rules of routes', () => {
  const options = (labels: Labels) => service(labels).routes.map((one) => one.options);

  it('are of all ports, or of one alone, which goes first', () => {
    expect(
      options({
        'berth.routing.port_80': 'a.x.com',
        'berth.routing.port_81': 'b.x.com',
        'berth.routing.gzip': 'true',
        'berth.routing.rate_limit': '9/s',
        'berth.routing.port_81.gzip': 'false',
      }),
    ).toEqual([
      { gzip: true, rateLimit: { requests: 9, seconds: 1 } },
      { gzip: false, rateLimit: { requests: 9, seconds: 1 } },
    ]);
    expect(options({ 'berth.routing.port_80': 'a.x.com' })).toEqual([undefined]);
  });

  it('are errors and warnings with their key', () => {
    const port = { 'berth.routing.port_80': 'a.x.com' };
    expect(errors({ ...port, 'berth.routing.port_80.timeout': 'soon' })).toEqual([
      'labels["berth.routing.port_80.timeout"]: "soon" is no time: write seconds, or a number with s, m or h, such as 90s',
    ]);
    expect(warnings({ ...port, 'berth.routing.port_81.gzip': 'true' })).toEqual([
      'labels["berth.routing.port_81.gzip"]: changes nothing without routing.port_81',
    ]);
    expect(warnings({ 'berth.routing.gzip': 'true' })[0]).toContain(
      'changes nothing without routing.port_PORT',
    );
    expect(errors({ ...port, 'berth.routing.gzipp': 'true' })[0]).toContain(
      'did you mean berth.routing.gzip?',
    );
    expect(warnings({ 'aliyun.routing.gzip': 'true' })[0]).toContain('is no label that Berth knows');
  });
});

describe('listeners', () => {
  it('are told apart by the names that TLS clients ask for', () => {
    const labels = (names: string) => ({
      'berth.lb.port_443': 'tcp://lb:8443',
      'berth.lb.port_443.names': names,
    });
    expect(
      service({ ...labels('a.x.com, B.x.com'), 'berth.lb.port_443.proxy_protocol': 'true' }).listeners,
    ).toMatchObject([{ frontPort: 8443, port: 443, names: ['a.x.com', 'b.x.com'], proxyProtocol: true }]);
    expect(errors(labels('a b..c'))[0]).toContain('"b..c" is no domain');
    const both = (names: Labels) =>
      JSON.stringify({
        services: { a: { image: 'x', labels: labels('a.x.com') }, b: { image: 'y', labels: names } },
      });
    expect(errorsOf(both(labels('b.x.com')))).toEqual([]);
    expect(errorsOf(both(labels('a.x.com')))[0]).toContain('listens on port 8443/tcp for a.x.com');
    expect(errorsOf(both({ 'berth.lb.port_443': 'tcp://lb:8443' }))[0]).toContain(
      'listens on port 8443/tcp of',
    );
  });

  it('take the place of ports of the hosts', () => {
    const { listeners, container } = service(
      { 'aliyun.lb.port_80': 'udp://lb:53' },
      { ports: ['8080:80', '90:90'] },
    );
    expect(listeners).toEqual([
      { kind: 'listener', protocol: 'udp', frontPort: 53, port: 80, balancer: 'lb' },
    ]);
    expect(container.HostConfig?.PortBindings).toEqual({ '90/tcp': [{ HostIp: '', HostPort: '90' }] });
  });

  it.each(['udp', 'sctp'])('are not there for %s: each host binds the port, which is told', (protocol) => {
    const bound = { [`53/${protocol}`]: [{ HostIp: '', HostPort: '5353' }] };
    const text = `the router has no ${protocol}: the port of each host is bound instead, so that a host takes one container`;
    for (const mode of [undefined, 'ingress', 'host']) {
      const port = { target: 53, published: '5353', protocol, ...(mode && { mode }) };
      const labels = { 'berth.scale': '2', 'berth.lb.port_53': 'tcp://lb:5300' };
      const one = service(labels, { ports: [port] });
      expect(one.listeners).toMatchObject([{ frontPort: 5300 }]);
      expect(one.container.HostConfig?.PortBindings).toEqual(bound);
      const told = warnings(labels, { ports: [port] }).filter((line) => line.includes(text));
      expect(told).toHaveLength(mode === 'host' ? 0 : 1);
    }
    // One container is no loss, and all of a global service have a host of their own.
    expect(warnings({}, { ports: [`5353:53/${protocol}`] })).toEqual([]);
    expect(warnings({ 'berth.global': 'true' }, { ports: [`5353:53/${protocol}`] })).toEqual([]);
  });

  it('are made of fixed ports where there may be several containers', () => {
    const scaled = service({ 'berth.scale': '2' }, { ports: ['8080:80', '90'] });
    expect(scaled.listeners).toEqual([{ kind: 'listener', protocol: 'tcp', frontPort: 8080, port: 80 }]);
    expect(scaled.container.HostConfig?.PortBindings).toEqual({ '90/tcp': [{ HostIp: '', HostPort: '' }] });
    const onHosts = service(
      { 'berth.scale': '2' },
      { ports: [{ target: 80, published: 8080, mode: 'host' }] },
    );
    expect(onHosts.listeners).toEqual([]);
  });

  it('exclude each other on one port', () => {
    const labels = { 'berth.lb.port_80': 'tcp://lb:80' };
    expect(
      errorsOf(JSON.stringify({ services: { a: { image: 'x', labels }, b: { image: 'y', labels } } }))[0],
    ).toContain('listens on port 80/tcp of the ingress hosts, and so does the service "a"');
  });
});

describe('probes', () => {
  it('are read from a URL or a shell line', () => {
    expect(service({ 'aliyun.probe.url': 'tcp://container:3306' }).readiness?.check).toEqual({
      kind: 'tcp',
      port: 3306,
    });
    expect(service({ 'aliyun.probe.url': 'http://container/a?b=1' }).readiness).toMatchObject({
      check: { kind: 'http', scheme: 'http', port: 80, path: '/a?b=1' },
      intervalMs: 2000,
    });
    expect(service({ 'berth.liveness.cmd': 'a && b' }).liveness?.check).toEqual({
      kind: 'exec',
      argv: ['/bin/sh', '-c', 'a && b'],
    });
  });

  it.each([
    'http://other/',
    'tcp://container',
    'ftp://container:1',
    'http://container:0/',
    'http://container/a b',
  ])('refuse %s', (url) => {
    expect(errors({ 'aliyun.probe.url': url })[0]).toMatch(/^labels\["aliyun\.probe\.url"\]: /);
  });

  it('are one of both', () => {
    expect(errors({ 'aliyun.probe.url': 'tcp://container:1', 'aliyun.probe.cmd': 'true' })).toEqual([
      'labels["aliyun.probe.cmd"]: stands beside probe.url: only one of them is possible',
    ]);
  });
});

it('counts an invalid parallelism as 1, as Aliyun did', () => {
  expect(service({ 'aliyun.rolling_updates.parallelism': 'x' }).update.parallelism).toBe(1);
});

it.each([
  [
    { 'berth.cron': '0 3 * * 1-5' },
    ...[
      {
        kind: 'cron',
        schedule: '0 3 * * 1-5',
        timeZone: 'UTC',
        overlap: 'skip',
        latestMs: 600_000,
        keep: 10,
      },
    ],
  ],
  [
    {
      ...{
        'berth.cron': '*/5  0,12 1-7/2 * 0',
        'berth.cron.time_zone': 'Asia/Shanghai',
        'berth.cron.keep': '3',
      },
      ...{ 'berth.cron.overlap': 'replace', 'berth.cron.timeout': '30m', 'berth.cron.latest': '1h' },
    },
    {
      ...{ kind: 'cron', schedule: '*/5 0,12 1-7/2 * 0', timeZone: 'Asia/Shanghai', overlap: 'replace' },
      ...{ timeoutMs: 1_800_000, latestMs: 3_600_000, keep: 3 },
    },
  ],
  [{ 'berth.job': 'true' }, { kind: 'job' }],
] as const)('runs %j to its end', (labels, runs) => {
  expect(service(labels).runs).toEqual(runs);
});

it.each(['* * * *', '60 * * * *', '5-1 * * * *', '*/0 * * * *', 'a * * * *'])(
  'refuses the schedule %s',
  (schedule) => {
    expect(errors({ 'berth.cron': schedule })[0]).toContain('is no schedule: write minute');
  },
);

it.each([
  [{ 'berth.cron.time_zone': 'Mars/Base' }, 'berth.cron.time_zone"]: "Mars/Base" is no time zone'],
  [{ 'berth.cron': '0 0 30 2 *' }, 'names no time that ever comes'],
  [{ 'berth.cron.overlap': 'never' }, 'must be one of skip, replace, allow'],
  [{ 'berth.cron.timeout': '10ms' }, 'is less than a second'],
  [{ 'berth.cron.keep': '0' }, 'must be a whole number from 1 to 100'],
  [{ 'berth.scale': '2' }, 'stands beside berth.cron: a run is one container'],
  [{ 'berth.global': 'true' }, 'stands beside berth.cron: a run is one container'],
  [{ 'berth.job': 'true' }, 'stands beside berth.cron: only one of them is possible'],
])('refuses times with %j', (labels, said) => {
  expect(errors({ 'berth.cron': '* * * * *', ...labels })[0]).toContain(said);
});

it('wants times where something is said of them', () => {
  expect(errors({ 'berth.cron.keep': '3' })[0]).toContain('goes with berth.cron');
});

it('gives addresses by index, one for each container', () => {
  const labels = { 'berth.ip.default': '10.0.0.10, 10.0.0.11', 'berth.scale': '2' };
  expect(service(labels).identity.ips).toEqual({ default: ['10.0.0.10', '10.0.0.11'] });
  expect(errors({ ...labels, 'berth.scale': '3' })[0]).toContain(
    'has 2 addresses, and the service may have 3 containers',
  );
});

describe('releases in which both versions serve', () => {
  const update = (labels: Labels, more: object = {}) => service(labels, more).update;
  it('have no gap at a restart or on the way back either, unless the file wants one', () => {
    const orders = (labels: Labels, deploy: object = {}) => {
      const { update: forward, rollback } = service(labels, { deploy });
      return [forward.order, rollback.order];
    };
    expect(orders({})).toEqual(['stop-first', 'stop-first']);
    for (const kind of ['blue-green', 'canary'])
      expect(orders({ 'berth.release': kind })).toEqual(['start-first', 'start-first']);
    const said = { update_config: { order: 'stop-first' }, rollback_config: { order: 'stop-first' } };
    expect(orders({ 'berth.release': 'canary' }, said)).toEqual(['stop-first', 'stop-first']);
  });

  it('are by hand, or step by step with a judgement, as the labels say', () => {
    expect(update({ 'berth.release': 'blue-green' })).toMatchObject({
      ...{ kind: 'blue-green', onFailure: 'pause', shift: { steps: [], confirm: 'by-hand' } },
    });
    expect(update({ 'berth.release': 'canary' })).toMatchObject({
      kind: 'canary',
      onFailure: 'rollback',
      shift: {
        steps: [5, 25, 50].map((weight) => ({ weight, holdMs: 120_000 })),
        confirm: 'by-itself',
        analysis: { minRequests: 50, maxErrorRate: 0.05, maxSlowdown: 2, patienceMs: 600_000 },
      },
    });
    const chosen = {
      ...{
        'berth.release': 'blue-green',
        'berth.release.steps': '0:30s, 20:1m30s,100',
        'berth.release.cookie': 'beta=1',
      },
      ...{
        'berth.release.confirm': 'false',
        'berth.release.max_errors': '2.5',
        'berth.release.patience': '1h',
      },
    };
    expect(update(chosen, { deploy: { update_config: { failure_action: 'pause' } } })).toMatchObject({
      onFailure: 'pause',
      shift: {
        steps: [
          { weight: 0, holdMs: 30_000 },
          { weight: 20, holdMs: 90_000 },
          { weight: 100, holdMs: 120_000 },
        ],
        confirm: 'by-itself',
        analysis: { minRequests: 50, maxErrorRate: 0.025, patienceMs: 3_600_000 },
        match: { in: 'cookie', name: 'beta', value: '1' },
      },
    });
    expect(
      update({ 'berth.release': 'canary', 'berth.release.analysis': 'false' }).shift?.analysis,
    ).toBeUndefined();
    expect(update({ 'berth.release': 'rolling' }).shift).toBeUndefined();
  });

  it.each<[Labels, string]>([
    [{ 'berth.release.steps': '5' }, 'goes with berth.release: blue-green or canary, and it is rolling'],
    [{ 'berth.release.steps': '5:2m,101:2m' }, 'has "101:2m": a step is PERCENT:TIME with 0 to 100 per cent'],
    [{ 'berth.release.steps': '5:soon' }, 'has "5:soon": a step is'],
    [{ 'berth.release.steps': '50,20' }, 'has 20 per cent after 50: steps rise'],
    [{ 'berth.release.steps': '' }, 'has "": a step is'],
    [{ 'berth.release.min_requests': '0' }, 'must be a whole number from 1'],
    [{ 'berth.release.max_slowdown': '0.5' }, 'must be a number from 1'],
    [{ 'berth.release.header': 'X Beta=1' }, 'is "X Beta=1": write NAME=VALUE'],
    [{ 'berth.release.header': 'a=1', 'berth.release.cookie': 'b=1' }, 'stands beside release.header'],
    [
      { 'berth.release.analysis': 'false', 'berth.release.max_errors': '1' },
      'stands beside release.analysis: false',
    ],
  ])('refuse %j', (labels, message) => {
    const kind: Labels = message.startsWith('goes with') ? {} : { 'berth.release': 'canary' };
    expect(errors({ ...kind, ...labels })[0]).toContain(message);
  });

  it('refuse a judgement where there are no steps to judge', () => {
    const wrong = errors({ 'berth.release': 'blue-green', 'berth.release.analysis': 'true' });
    expect(wrong[0]).toContain('there are no steps: write release.steps');
  });
});

describe('automatic scaling', () => {
  it('has targets, schedules and times of its own', () => {
    const { scaling } = service({
      'berth.auto_scaling.target_cpu': '60',
      'berth.auto_scaling.max_requests': '200',
      'berth.auto_scaling.schedule': 'weekdays 8-20 Europe/Berlin: at least 6; sat 10-14: 3',
      'berth.auto_scaling.period': '30s',
      'berth.auto_scaling.up_after': '0',
      'berth.auto_scaling.down_after': '10m',
    });
    expect(scaling).toMatchObject({
      rules: [
        { metric: 'cpu', target: 60 },
        { metric: 'requests', above: 200 },
      ],
      schedules: [
        { days: [1, 2, 3, 4, 5], min: 6 },
        { days: [6], zone: 'UTC', min: 3 },
      ],
      ...{ periodMs: 30_000, upAfterMs: 0, downAfterMs: 600_000 },
    });
  });

  it.each([
    [{ target_cpu: '60', max_cpu: '70' }, 'target_cpu"]: stands beside max_cpu: keep the one or the other'],
    [{ target_cpu: '0' }, 'target_cpu"]: is 0: no number of containers comes to that'],
    [{ max_cpu: '30', min_cpu: '40' }, 'min_cpu"]: is 40, and max_cpu is 30: it must be less'],
    [{ schedule: 'someday 8-9: 2' }, 'schedule"]: "someday 8-9: 2" has "someday" for its days'],
    [{ schedule: 'daily 8-9: 20' }, 'schedule"]: wants 20 containers, and max_instances is 10'],
    [{ period: '1s', max_cpu: '70' }, 'period"]: is "1s", and must be from 4s to 1h'],
    [{ down_after: '2h', max_cpu: '70' }, 'down_after"]: is "2h", and must be from 0s to 1h'],
    [{ max_instances: '-1' }, 'max_instances"]: is "-1", and must be a whole number'],
  ])('refuses what cannot be, with its key: %j', (labels, said) => {
    const own = Object.entries(labels).map(([name, value]) => [`berth.auto_scaling.${name}`, value]);
    expect(errors(Object.fromEntries(own))[0]).toContain(`labels["berth.auto_scaling.${said}`);
  });

  it('warns where nothing makes it fewer', () => {
    expect(warnings({ 'aliyun.auto_scaling.max_cpu': '70' })[0]).toContain(
      'containers become more, and never fewer',
    );
    expect(warnings({ 'aliyun.auto_scaling.max_cpu': '70', 'aliyun.auto_scaling.min_cpu': '20' })).toEqual(
      [],
    );
  });

  it('warns of requests that nothing leads to the service', () => {
    const labels = { 'berth.auto_scaling.max_requests': '9', 'berth.auto_scaling.min_requests': '2' };
    expect(warnings(labels).map((text) => text.split(': ', 2).join(': '))).toEqual([
      'labels["berth.auto_scaling.max_requests"]: keeps the number as it is',
      'labels["berth.auto_scaling.min_requests"]: keeps the number as it is',
    ]);
    expect(warnings({ ...labels, 'berth.routing.port_80': 'www.example.com' })).toEqual([]);
  });

  it('warns of logs that are not kept apart', () => {
    const labels = { 'aliyun.logs.web': 'stdout', 'aliyun.log_ttl_web': '3', 'aliyun.log.timestamp': 'true' };
    expect(warnings(labels)).toHaveLength(3);
    expect(warnings(labels)[0]).toContain('berth service logs shows what containers write');
  });
});
