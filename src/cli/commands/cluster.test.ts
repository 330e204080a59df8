import { describe, expect, it } from 'vitest';
import type { ChangeEvent, Plan, Status } from '../../contract/v1/cluster.ts';
import type { Node } from '../../contract/v1/nodes.ts';
import { BerthError } from '../../kit/errors.ts';
import { defaultSettings } from '../../model/settings.ts';
import { withManager } from '../testing/run.ts';

const node: Node = {
  id: 'h1id',
  name: 'h1',
  labels: {},
  cordoned: false,
  state: 'ready',
  reason: '',
  address: '10.0.0.1:40000',
  dataAddress: '10.0.0.1',
  agentVersion: '0.1.0',
  joinedAt: 1,
  lastHeardAt: 2,
  containers: { managed: 2, unmanaged: 0, running: 2 },
  reserved: { cpuMilli: 0, memory: 0 },
};
const lost = {
  containers: [{ id: 'c1', name: 'web', image: 'nginx', state: 'running' }],
  volumes: ['data'],
};

describe('node', () => {
  it('inspects several, and stops at one that is not there', async () => {
    const { berth } = await withManager({
      'node.get': ({ node: name }) => {
        if (name === 'h1') return node;
        throw new BerthError('not_found', `no host "${name}"`);
      },
    });
    expect(JSON.parse((await berth(['node', 'inspect', 'h1', '--json'])).stdout)).toEqual([node]);
    expect((await berth(['node', 'inspect', 'h1'])).stdout).toMatch(/^Name: +h1\nID: +h1id\nState: +ready\n/);
    expect(await berth(['node', 'inspect', 'h1', 'x'])).toMatchObject({ code: 3, stdout: '' });
  });

  it('labels by one call', async () => {
    const { berth, manager } = await withManager({
      'node.label': ({ add }) => ({ ...node, labels: add ?? {} }),
    });
    const { stdout } = await berth('node label h1 rack=r2 note=a=b- old- --remove older'.split(' '));
    expect(stdout).toBe('h1: note=a=b-, rack=r2\n');
    expect(manager.calls.map(({ input }) => input)).toEqual([
      { node: 'h1', add: { rack: 'r2', note: 'a=b-' }, remove: ['older', 'old'] },
    ]);
  });

  it.each([[[]], [['rack']], [['1x=a']]])('refuses labels %j before it asks the manager', async (labels) => {
    const { berth, manager } = await withManager({});
    expect((await berth(['node', 'label', 'h1', ...labels])).code).toBe(2);
    expect(manager.calls).toEqual([]);
  });

  it('cordons one after the other, and tells of those that were done', async () => {
    const { berth, manager } = await withManager({
      'node.cordon': ({ node: name }) => {
        if (name === 'h2') throw new BerthError('not_found', 'no host "h2"');
        return { ...node, name, cordoned: true };
      },
      'node.uncordon': () => node,
    });
    const { code, stdout, stderr } = await berth(['node', 'cordon', 'h1', 'h2', 'h3']);
    expect([code, stdout, stderr]).toEqual([3, 'h1: cordoned\n', 'berth: no host "h2"\n']);
    expect(manager.calls).toHaveLength(2);
    expect((await berth(['node', 'uncordon', 'h1'])).stdout).toBe('h1: takes containers\n');
  });

  it('removes nothing without a yes', async () => {
    const { berth, manager } = await withManager({});
    expect(await berth(['node', 'rm', 'h1'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('standard input is not a terminal → add --yes'),
    });
    const no = await berth(['node', 'rm', 'h1'], { isTTY: { stdin: true }, input: 'n\n' });
    expect(no).toMatchObject({ code: 4, stderr: expect.stringContaining('nothing was changed') });
    expect(manager.calls).toEqual([]);
  });

  it('does not force a host with containers on it unless told', async () => {
    const { berth, manager } = await withManager({
      'node.delete': ({ force }) => {
        if (!force) throw new BerthError('conflict', 'h1 holds 1 container', { hint: 'add --force' });
        return { id: 'h1id', name: 'h1', lost: { ...lost, addresses: [{ network: 'v1', ip: '10.1.0.1' }] } };
      },
    });
    expect(await berth(['node', 'rm', '--yes', 'h1'])).toMatchObject({
      code: 4,
      stderr: 'berth: h1 holds 1 container → add --force\n',
    });
    expect(manager.calls.map(({ input }) => input)).toEqual([{ node: 'h1' }]);
    const forced = await berth(['node', 'rm', '--yes', '--force', 'h1']);
    expect(forced.stdout).toBe(
      'removed h1\n  lost container web (nginx, running)\n  lost volume data\n' +
        '  kept address 10.1.0.1: nobody else gets it; once nothing on h1 has it: berth ip release v1 10.1.0.1\n',
    );
    const asked = await berth(['node', 'rm', '--force', 'h1'], { isTTY: { stdin: true }, input: 'y\nn\n' });
    expect(asked.code).toBe(4);
    expect(asked.stderr).toContain('h1 holds 1 container. Remove it nevertheless? [y/N]');
  });
});

describe('status', () => {
  const answer: Status = {
    clusterId: 'c',
    version: '0.1.0',
    caFingerprint: 'ab'.repeat(32),
    hosts: { total: 3, byState: { ready: 2, pending: 0, suspect: 0, down: 1 }, cordoned: 1 },
    containers: { managed: 4, unmanaged: 1, byState: { running: 4, unreachable: 1 } },
    capacity: { cpuMilli: 8000, memory: 16 * 1024 ** 3 },
    reserved: { cpuMilli: 1500, memory: 512 * 1024 ** 2 },
    warnings: ['host h3 is down'],
  };

  it('tells what there is, and warns apart from it', async () => {
    const { berth } = await withManager({ 'cluster.status': () => answer });
    const { stdout, stderr } = await berth(['status']);
    expect(stdout).toContain('Hosts:          3 (2 ready, 1 down), 1 cordoned\n');
    expect(stdout).toContain('1.5 of 8 cores asked for\n');
    expect(stdout).toContain('512 MiB of 16 GiB asked for\n');
    expect(stderr).toBe('warning: host h3 is down\n');
    expect(JSON.parse((await berth(['status', '--json'])).stdout)).toEqual(answer);
  });
});

describe('plan', () => {
  const good: Plan = {
    placements: [{ name: 'plan', hostId: 'h1id', hostName: 'h1' }],
    hosts: [
      { hostId: 'h1id', hostName: 'h1', fits: true, reasons: [], score: 12.34567 },
      { hostId: 'h2id', hostName: 'h2', fits: false, reasons: ['not enough memory'] },
    ],
  };

  it('sends what docker run would, and prints where they go', async () => {
    const { berth, manager } = await withManager({ 'plan.make': () => good });
    const line =
      'plan -d --rm -it --memory 512m --cpus 1.5 -p 127.0.0.1:8080:80 -P -e constraint:rack==r1 -e A=b -l app=web ' +
      '-v data:/x --net n1 --expose 53/udp --restart on-failure:3 nginx --strategy binpack --count 2 --name web ' +
      '-- nginx -g x';
    const { code, stdout } = await berth(line.split(' '));
    expect(code).toBe(0);
    expect(stdout).toBe(
      'CONTAINER  HOST\nplan       h1\n\nHOST  FITS   SCORE  WHY NOT\nh1    yes   12.346\nh2    no            not enough memory\n',
    );
    expect(manager.calls[0]?.input).toEqual({
      name: 'web',
      strategy: 'binpack',
      count: 2,
      spec: {
        Image: 'nginx',
        Cmd: ['nginx', '-g', 'x'],
        Env: ['constraint:rack==r1', 'A=b'],
        Labels: { app: 'web' },
        ExposedPorts: { '80/tcp': {}, '53/udp': {} },
        HostConfig: {
          Memory: 512 * 1024 ** 2,
          NanoCpus: 1_500_000_000,
          PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] },
          PublishAllPorts: true,
          Binds: ['data:/x'],
          NetworkMode: 'n1',
          RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
        },
      },
    });
  });

  it('says that an image is to be pulled first', async () => {
    const { berth, manager } = await withManager({ 'plan.make': () => ({ ...good, imageMissing: true }) });
    const { code, stderr } = await berth(['plan', 'docker.io/library/nginx:1.27']);
    expect(code).toBe(0);
    expect(stderr).toBe('docker.io/library/nginx:1.27 is on no host yet: "docker run" pulls it first\n');
    expect(manager.calls[0]?.input).toMatchObject({ name: 'nginx' });
  });

  it('has exit code 5 where there is no room, and JSON all the same', async () => {
    const { berth } = await withManager({
      'plan.make': () => ({
        placements: [
          good.placements[0] as Plan['placements'][number],
          { name: 'plan-2', refusal: '2 hosts: full' },
        ],
        hosts: [],
      }),
    });
    const { code, stdout, stderr } = await berth(['plan', '--json', '--count', '2', 'nginx']);
    expect(code).toBe(5);
    expect(JSON.parse(stdout).placements).toHaveLength(2);
    expect(stderr).toMatch(/^berth: only 1 of 2 containers of nginx have a host: 2 hosts: full → /);
  });

  it.each([
    ['--memory', '-1'],
    ['-p', '80:70000'],
    ['--cpus', 'two'],
    ['--count', '0'],
    ['-l', 'x'],
  ])('refuses %s %s', async (flag, value) => {
    const { berth, manager } = await withManager({});
    const { code, stderr } = await berth(['plan', flag, value, 'nginx']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^berth: --\w+: ".+" is not .+ → .+\n$/);
    expect(manager.calls).toEqual([]);
  });
});

describe('settings', () => {
  it('lists, gets and sets, several at once', async () => {
    const { berth, manager } = await withManager({
      'settings.get': () => ({ settings: defaultSettings }),
      'settings.patch': () => ({ settings: { ...defaultSettings, strategy: 'binpack' } }),
    });
    expect((await berth(['settings', 'ls'])).stdout).toMatch(
      /^failureDomains +datacenter,switch,rack +datacenter/m,
    );
    expect(JSON.parse((await berth(['settings', 'ls', '--json'])).stdout)).toEqual(defaultSettings);
    expect((await berth(['settings', 'get', 'strategy'])).stdout).toBe('spread\n');
    expect(await berth(['settings', 'get', 'colour'])).toMatchObject({ code: 3 });
    const set = await berth([
      'settings',
      'set',
      'strategy=binpack',
      'reservedMemory=1g',
      '--unset',
      'plugins',
    ]);
    expect(set.stdout).toBe('plugins=\nstrategy=binpack\nreservedMemory=0\n');
    expect(manager.calls.at(-1)?.input).toEqual({
      plugins: null,
      strategy: 'binpack',
      reservedMemory: 1024 ** 3,
    });
    await berth(['settings', 'set', 'imageHosts', 'role==web']);
    expect(manager.calls.at(-1)?.input).toEqual({ imageHosts: 'role==web' });
    expect(await berth(['settings', 'set'])).toMatchObject({ code: 2 });
    expect(await berth(['settings', 'set', 'strategy', 'binpack', 'x'])).toMatchObject({ code: 2 });
  });
});

describe('audit', () => {
  const entry = {
    kind: 'audit' as const,
    id: '1',
    at: 0,
    user: 'ada',
    via: 'api',
    from: '10.0.0.9',
    action: 'container.create',
    target: 'web',
    outcome: 'ok',
  };

  it('reads page by page until there are enough', async () => {
    const { berth, manager } = await withManager({
      'audit.list': ({ cursor, limit }) => ({
        entries: Array.from({ length: Math.min(Number(limit), 600) }, (_, at) => ({
          ...entry,
          id: `${cursor}${at}`,
        })),
        next: 'more',
      }),
    });
    const { stdout } = await berth(['audit', '--json', '-n', '1500', '--since', '1h', '--user', 'ada'], {
      clock: { now: () => 7_200_000, sleep: () => Promise.resolve() },
    });
    expect(JSON.parse(stdout)).toHaveLength(1500);
    expect(manager.calls.map(({ input }) => input)).toEqual([
      { since: 3_600_000, user: 'ada', limit: 1000 },
      { since: 3_600_000, user: 'ada', cursor: 'more', limit: 900 },
      { since: 3_600_000, user: 'ada', cursor: 'more', limit: 300 },
    ]);
  });

  it('takes a date, and refuses what is none', async () => {
    const { berth, manager } = await withManager({ 'audit.list': () => ({ entries: [entry] }) });
    expect((await berth(['audit', '--since', '2026-11-20T00:00:00Z'])).stdout).toMatch(
      /ada +api 10\.0\.0\.9 +container\.create +web +ok$/m,
    );
    expect(manager.calls[0]?.input).toMatchObject({ since: Date.UTC(2026, 10, 20) });
    expect(await berth(['audit', '--since', '2026-13-99'])).toMatchObject({ code: 2 });
    expect(await berth(['audit', '--since', 'yesterday'])).toMatchObject({ code: 2 });
  });
});

describe('events', () => {
  const data: ChangeEvent[] = [
    {
      kind: 'node',
      change: 'changed',
      id: 'h1id',
      name: 'h1',
      state: 'down',
      cordoned: false,
      reason: 'silent',
    },
    {
      kind: 'container',
      change: 'added',
      id: 'c1',
      name: 'web\x1b[1A',
      managed: true,
      hostId: 'h1id',
      state: 'running',
      image: 'nginx',
    },
  ];

  it('follows until it is told to stop, by name of the host', async () => {
    const stop = new AbortController();
    const { berth } = await withManager({
      'node.list': () => ({ nodes: [node] }),
      'events.watch': () => {
        setTimeout(() => stop.abort(), 200);
        return data.map((one, at) => ({ id: String(at), data: one }));
      },
    });
    const { code, stdout } = await berth(['events'], { signal: stop.signal });
    expect(code).toBe(0);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(21)),
    ).toEqual(['node h1 changed: down (silent)', 'container web\\x1b[1A added: running on h1 (nginx)']);
  });

  it('prints one JSON object a line', async () => {
    const stop = new AbortController();
    const { berth } = await withManager({
      'node.list': () => ({ nodes: [node] }),
      'events.watch': () => {
        setTimeout(() => stop.abort(), 200);
        return data.map((one, at) => ({ id: String(at), data: one }));
      },
    });
    const { stdout } = await berth(['events', '--json'], { signal: stop.signal });
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(data.map((event, at) => ({ id: String(at), event })));
  });
});

describe('version', () => {
  it('tells both, and does not mind a manager that is not there', async () => {
    const { berth, manager } = await withManager({
      'session.version': () => ({ version: '1.2.3', api: 'v1' }),
    });
    expect((await berth(['version'])).stdout).toBe('Client:  9.9.9\nManager: 1.2.3 (API v1)\n');
    await manager.close();
    const { code, stdout } = await berth(['version', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      client: { version: '9.9.9' },
      manager: { error: expect.stringContaining('cannot reach the manager') },
    });
  });
});
