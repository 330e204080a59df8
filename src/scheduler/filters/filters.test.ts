import { describe, expect, it } from 'vitest';
import { settingsSchema } from '../../model/settings.ts';
import { ClusterView } from '../cluster-view.ts';
import { plannedContainer, Scheduler } from '../place.ts';
import { placementRequest } from '../request.ts';
import { addTestHosts, GIB, TEST_IMAGE, type TestHost, testImageId } from '../testing.ts';

type Body = Readonly<Record<string, unknown>>;

/** Four hosts as in constraint_test.go, with two containers on the first and one on the second. */
const HOSTS: readonly TestHost[] = [
  {
    name: 'node0',
    labels: { group: '1', region: 'us-west', az: 'a', 'aliyun.node_index': '1' },
    images: [TEST_IMAGE, 'redis:3.2'],
  },
  { name: 'node1', labels: { group: '1', region: 'us-east', az: 'b' }, engineLabels: { disk: 'ssd' } },
  { name: 'node2', labels: { group: '2', region: 'eu', az: 'c' }, images: [TEST_IMAGE, 'redis:latest'] },
  { name: 'node3' },
];

function cluster(hosts = HOSTS, settings: Record<string, unknown> = {}): Scheduler {
  const view = new ClusterView();
  view.settings = settingsSchema.parse(settings);
  addTestHosts(view, hosts);
  return new Scheduler(view);
}

function put(scheduler: Scheduler, host: string, name: string, body: Body = {}): void {
  const request = placementRequest(name, { Image: 'other:1', ...body } as never);
  scheduler.view.putContainer(`${host}-id`, plannedContainer(request, `${name}-id`, name));
}

function populated(): Scheduler {
  const scheduler = cluster();
  put(scheduler, 'node0', 'db', {
    Labels: { role: 'db', 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'db' },
    HostConfig: {
      PortBindings: {
        '80/tcp': [{ HostPort: '8080' }],
        '90/tcp': [{ HostIp: '10.0.0.1', HostPort: '9090' }],
      },
    },
  });
  put(scheduler, 'node0', 'cache', { Labels: { role: 'cache' } });
  put(scheduler, 'node1', 'web', {
    Labels: { role: 'web' },
    ExposedPorts: { '7000/tcp': {} },
    HostConfig: { NetworkMode: 'host' },
  });
  return scheduler;
}

/** Numbers of the hosts that fit. */
function fitting(scheduler: Scheduler, body: Body): string {
  const request = placementRequest('new', { Image: TEST_IMAGE, ...body } as never);
  const { hosts } = scheduler.explain(request);
  return hosts
    .filter(({ fits }) => fits)
    .map(({ host }) => host.name.slice(-1))
    .sort()
    .join('');
}

const env = (...expressions: string[]): Body => ({ Env: expressions });
const published = (HostPort: string, HostIp = '', port = '80/tcp'): Body => ({
  HostConfig: { PortBindings: { [port]: [{ HostIp, HostPort }] } },
});

describe('filters', () => {
  it.each<[string, Body, string]>([
    ['nothing', {}, '0123'],
    ['a label', env('constraint:region==us-west'), '0'],
    ['a glob', env('constraint:region==us*'), '01'],
    ['not a glob; no label is empty', env('constraint:region!=us*'), '23'],
    ['a label that no host has', env('constraint:nothing==true'), ''],
    ['not a label that no host has', env('constraint:nothing!=true'), '0123'],
    ['two of them', env('constraint:group==1', 'constraint:region==*east'), '1'],
    ['the host by ID', env('constraint:node==node2-id'), '2'],
    ['the host by name', env('constraint:node==node1'), '1'],
    ['not the host, as a regular expression', env('constraint:node!=/node[01]-id/'), '23'],
    ['an alternative', env('constraint:group!=(1|2)'), '3'],
    ["a number of Aliyun's", env('constraint:aliyun.node_index==(1|3)'), '0'],
    ['a label of the engine', env('constraint:disk==ssd'), '1'],
    ['the storage driver', env('constraint:storagedriver==overlay2'), '0123'],
    ['the kernel', env('constraint:kernelversion==5.1*'), '0123'],
    ['the operating system', env('constraint:operatingsystem==*Debian*', 'constraint:ostype==linux'), '0123'],
    ['a soft one that can be met', env('constraint:group==~2'), '2'],
    ['a soft one that cannot', env('constraint:group==~9'), '0123'],
    ['a soft one beside a hard one', env('constraint:group==~9', 'constraint:region==us*'), '01'],
    ['two soft ones that exclude each other', env('constraint:group==~1', 'constraint:group==~2'), '0123'],
    ['affinity to a container by name', env('affinity:container==db'), '0'],
    ['affinity to a container by ID', env('affinity:container==web-id'), '1'],
    ['affinity away from containers', env('affinity:container!=*'), '23'],
    ['affinity to a container that is not there', env('affinity:container==nobody'), ''],
    ['two affinities that exclude each other', env('affinity:container==db', 'affinity:container==web'), ''],
    ['affinity to an image by repository', env('affinity:image==redis'), '02'],
    ['affinity to an image by tag', env('affinity:image==redis:3.2'), '0'],
    ['affinity to an image by ID', env(`affinity:image==${testImageId('redis:latest')}`), '2'],
    ['affinity away from an image', env('affinity:image!=redis'), '13'],
    ['soft affinity to an image', env('affinity:image==~redis'), '02'],
    ['affinity to a label of containers', env('affinity:role==c*'), '0'],
    ['affinity away from a label', env('affinity:role!=web'), '023'],
    ['a container without the label has the empty one', env('affinity:tier==*'), '01'],
    ['affinity away from a service of another project', env('affinity:service!=shop/db'), '123'],
    ['affinity to a bare service without a project', env('affinity:service==db'), '0'],
    [
      'a bare service means the own project',
      { ...env('affinity:service!=db'), Labels: { 'com.docker.compose.project': 'blog' } },
      '0123',
    ],
    [
      'a bare service of the own project',
      { ...env('affinity:service!=db'), Labels: { 'com.docker.compose.project': 'shop' } },
      '123',
    ],
    ['a whitelist', env('whitelist:node==node1|node3'), '13'],
    ['a dependency by name', { HostConfig: { VolumesFrom: ['db:ro'] } }, '0'],
    ['dependencies on two hosts', { HostConfig: { Links: ['db:x', 'web:y'] } }, ''],
    ['a shared network', { HostConfig: { NetworkMode: 'container:web' } }, '1'],
    ['a dependency that is not there', { HostConfig: { NetworkMode: 'container:nobody' } }, ''],
    ['a taken port', published('8080'), '123'],
    ['a taken port on one address', published('8080', '10.0.0.9'), '123'],
    ['a port that is taken on another address', published('9090', '10.0.0.2'), '0123'],
    ['a port that is taken on this address', published('9090', '10.0.0.1'), '123'],
    ['a taken port of another protocol', published('8080', '', '80/udp'), '0123'],
    ['a range with a free port', published('8080-8081'), '0123'],
    ['a port that a container in the network of the host exposes', published('7000'), '023'],
    [
      'the network of the host',
      { ExposedPorts: { '7000/tcp': {} }, HostConfig: { NetworkMode: 'host' } },
      '023',
    ],
    ['any port', published(''), '0123'],
    ['memory', { HostConfig: { Memory: 8 * GIB } }, '0123'],
    ['too much memory', { HostConfig: { Memory: 8 * GIB + 1 } }, ''],
    ['too many cores', { HostConfig: { NanoCpus: 4.1e9 } }, ''],
    ['a limit above the host', { HostConfig: { Memory: 9 * GIB, MemoryReservation: GIB } }, ''],
    ['availability counts hosts with the label', env('availability:az==2'), '012'],
    ['an image by ID', { Image: testImageId('redis:3.2') }, '0'],
    ['an image by the beginning of its ID', { Image: testImageId('redis:3.2').slice(7, 27) }, '0'],
    ['an image by its full name', { Image: 'docker.io/library/redis' }, '2'],
    ['no image in particular', { Image: '' }, '0123'],
    ['an image that nobody has', { Image: 'nobody/has' }, ''],
  ])('%s', (_, body, expected) => {
    expect(fitting(populated(), body)).toBe(expected);
  });

  it.each<[string[], string]>([
    [['node.labels.region==EU'], '2'],
    [['node.hostname!=node0', 'node.labels.group==1'], '1'],
    [['engine.labels.disk==ssd'], '1'],
    [['node.role==manager'], ''],
    [['node.role==worker', 'node.platform.os==linux', 'node.platform.arch==x86_64'], '0123'],
    [['node.platform.arch==amd64', 'node.id==node3-id'], '3'],
    [['node.labels.region==us*'], ''],
  ])('compose: %j', (constraints, expected) => {
    expect(fitting(populated(), { Labels: { 'berth.placement': JSON.stringify({ constraints }) } })).toBe(
      expected,
    );
  });

  it('counts the slots of a host, and ignores a number that is none', () => {
    const scheduler = cluster([
      { name: 'h0', labels: { containerslots: '1' } },
      { name: 'h1', labels: { containerslots: 'many' } },
    ]);
    expect(fitting(scheduler, {})).toBe('01');
    put(scheduler, 'h0', 'one');
    put(scheduler, 'h1', 'two');
    expect(fitting(scheduler, {})).toBe('1');
  });

  it('asks only hosts that are ready and not cordoned', () => {
    const scheduler = cluster([
      { name: 'h0' },
      { name: 'h1', state: 'down' },
      { name: 'h2', state: 'suspect' },
      { name: 'h3', state: 'pending' },
      { name: 'h4', cordoned: true },
    ]);
    expect(fitting(scheduler, {})).toBe('0');
  });

  it('applies the overcommit ratio to what the reserve for the system leaves', () => {
    const settings = { memoryOvercommit: 2, reservedMemory: GIB, cpuOvercommit: 0.5, reservedCpuMilli: 2000 };
    const scheduler = cluster([{ name: 'h0' }], settings);
    expect(fitting(scheduler, { HostConfig: { Memory: 14 * GIB } })).toBe('0');
    expect(fitting(scheduler, { HostConfig: { Memory: 14 * GIB + 1 } })).toBe('');
    expect(fitting(scheduler, { HostConfig: { NanoCpus: 1e9 } })).toBe('0');
    expect(fitting(scheduler, { HostConfig: { NanoCpus: 1.001e9 } })).toBe('');
  });

  it('keeps answers apart where one text means two things', () => {
    const scheduler = populated();
    const inProject = (project: string) => ({
      ...env('affinity:service!=db'),
      Labels: { 'com.docker.compose.project': project },
    });
    expect(fitting(scheduler, inProject('blog'))).toBe('0123');
    expect(fitting(scheduler, inProject('shop'))).toBe('123');
    expect(fitting(scheduler, env('affinity:service!=db'))).toBe('123');
    expect(fitting(scheduler, env('constraint:role==db'))).toBe('');
    expect(fitting(scheduler, env('affinity:role==db'))).toBe('0');
  });

  it('knows containers by label that came or went after it was asked', () => {
    const scheduler = populated();
    expect(fitting(scheduler, env('affinity:role==db'))).toBe('0');
    expect(fitting(scheduler, env('affinity:role==/^d/'))).toBe('0');
    put(scheduler, 'node3', 'late', { Labels: { role: 'db' } });
    put(scheduler, 'node2', 'plain');
    expect(fitting(scheduler, env('affinity:role==db'))).toBe('03');
    expect(fitting(scheduler, env('affinity:role!=db'))).toBe('12');
    expect(fitting(scheduler, env('affinity:role==/^(d.*)?$/'))).toBe('023');
    scheduler.view.removeContainer('node0-id', 'db-id');
    expect(fitting(scheduler, env('affinity:role==db'))).toBe('3');
    expect(fitting(scheduler, env('affinity:role==/^d/'))).toBe('3');
  });

  it('knows containers by name that came or went after it was asked', () => {
    const scheduler = populated();
    expect(fitting(scheduler, env('affinity:container==late'))).toBe('');
    put(scheduler, 'node2', 'late');
    expect(fitting(scheduler, env('affinity:container==late'))).toBe('2');
    expect(fitting(scheduler, env('affinity:container==late-id'))).toBe('2');
    scheduler.view.removeContainer('node0-id', 'db-id');
    expect(fitting(scheduler, env('affinity:container==db'))).toBe('');
  });

  it('limits replicas on a host', () => {
    const scheduler = cluster([{ name: 'h0' }, { name: 'h1' }]);
    const labels = { 'berth.service': 'web', 'berth.placement': '{"max_replicas_per_node": 1}' };
    const request = placementRequest('web', { Image: TEST_IMAGE, Labels: labels });
    scheduler.placeGroup(request, [
      { id: 'a', name: 'a' },
      { id: 'b', name: 'b' },
    ]);
    expect(() => scheduler.place(request)).toThrow(
      'no host fits web: 2 hosts: max_replicas_per_node 1 reached',
    );
  });
});

describe('refusals', () => {
  const refusal = (scheduler: Scheduler, body: Body) => {
    try {
      scheduler.place(placementRequest('web', { Image: TEST_IMAGE, ...body } as never));
    } catch (thrown) {
      return thrown;
    }
    throw new Error('it was placed');
  };

  it('counts each host under the first reason, the most frequent first', () => {
    const scheduler = cluster([
      { name: 'h0', labels: { rack: 'r1' }, memory: 2 * GIB },
      { name: 'h1', labels: { rack: 'r1' }, memory: GIB },
      { name: 'h2', labels: { rack: 'r1' }, memory: GIB },
      { name: 'h3', memory: GIB },
      { name: 'h4', labels: { rack: 'r2' } },
      { name: 'h5', state: 'down' },
    ]);
    expect(
      refusal(scheduler, { Env: ['constraint:rack==r1'], HostConfig: { Memory: 8 * GIB } }),
    ).toMatchObject({
      code: 'no_room',
      message:
        'no host fits web: 3 hosts: not enough memory (asked 8 GiB, most free 2 GiB); 2 hosts: rack==r1 not met; 1 host: down',
    });
  });

  it('says what to do in an empty cluster', () => {
    expect(refusal(cluster([]), {})).toMatchObject({
      code: 'no_room',
      message: 'no host fits web: the cluster has no hosts',
    });
  });

  it('is "No such image" where pulling it would help, in the words of the engine', () => {
    expect(refusal(populated(), { Image: 'nginx' })).toMatchObject({
      code: 'not_found',
      message: 'No such image: nginx:latest',
    });
    expect(refusal(populated(), { Image: 'nginx', Env: ['constraint:region==mars'] })).toMatchObject({
      code: 'no_room',
    });
    expect(refusal(populated(), { Image: 'redis', Env: ['constraint:group==1'] })).toMatchObject({
      code: 'not_found',
    });
  });

  it('gives all reasons of each host in an explanation', () => {
    const request = placementRequest('web', {
      Image: 'nginx',
      Env: ['constraint:group==1'],
      HostConfig: { Memory: 9 * GIB },
    } as never);
    const { hosts } = populated().explain(request);
    expect(hosts.find(({ host }) => host.name === 'node2')?.reasons).toEqual([
      'group==1 not met',
      'not enough memory (asked 9 GiB, free 8 GiB)',
      'image nginx is not there',
    ]);
  });

  it('names the strategies where one does not exist', () => {
    expect(refusal(cluster(), { Labels: { 'berth.strategy': 'best' } })).toMatchObject({
      code: 'bad_request',
      message: 'strategy "best" is not one: write spread, binpack, random',
    });
  });
});

describe('the port of a container that docker-compose replaces', () => {
  const labels = (number: string) => ({
    'com.docker.compose.project': 'shop',
    'com.docker.compose.service': 'web',
    'com.docker.compose.container-number': number,
  });
  const body = (number: string) => ({ Labels: labels(number), ...published('8080') });

  function withWeb(stopped: boolean): Scheduler {
    const scheduler = cluster([{ name: 'node0' }]);
    const request = placementRequest('web', { Image: TEST_IMAGE, ...body('1') } as never);
    scheduler.view.putContainer('node0-id', { ...plannedContainer(request, 'web-id', 'web'), stopped });
    return scheduler;
  }

  it.each<[string, boolean, Body, string]>([
    ['is free for its successor', true, body('1'), '0'],
    ['is taken while it runs', false, body('1'), ''],
    ['is taken for another of the service', true, body('2'), ''],
    ['is taken for anybody else', true, published('8080'), ''],
  ])('%s', (_, stopped, asked, expected) => {
    expect(fitting(withWeb(stopped), asked)).toBe(expected);
  });

  it('stays taken where a third container has it too', () => {
    const scheduler = withWeb(true);
    put(scheduler, 'node0', 'other', published('8080'));
    expect(fitting(scheduler, body('1'))).toBe('');
  });
});
