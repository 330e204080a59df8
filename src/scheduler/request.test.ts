import { describe, expect, it } from 'vitest';
import { parseSwarmkitConstraint } from './compose-placement.ts';
import { placementRequest, serviceOf } from './request.ts';
import { resourcesOf } from './resources.ts';
import { buildArgExpressions, withoutExpressions } from './spec-expressions.ts';
import { GIB } from './testing.ts';

const spec = (rest: Record<string, unknown>) => ({ Image: 'app:1', ...rest }) as never;

describe('withoutExpressions', () => {
  it('moves expressions from the environment to the labels of classic Swarm', () => {
    const body = spec({
      Env: [
        'A=1',
        'constraint:rack==r1',
        'affinity:image==~redis',
        'whitelist:node==a|b',
        'reschedule:on-node-failure',
        'availability:az==3',
        'URL=http://x',
      ],
      Labels: { own: 'x', 'com.docker.swarm.constraints': '["disk==ssd"]' },
    });
    const clean = withoutExpressions(body);
    expect(clean.Env).toEqual(['A=1', 'URL=http://x']);
    expect(clean.Labels).toEqual({
      own: 'x',
      'com.docker.swarm.constraints': '["disk==ssd","rack==r1"]',
      'com.docker.swarm.affinities': '["image==~redis"]',
      'com.docker.swarm.whitelists': '["node==a|b"]',
      'com.docker.swarm.reschedule-policies': '["on-node-failure"]',
      'berth.availability': '["az==3"]',
    });
    expect(withoutExpressions(clean)).toBe(clean);
    expect(placementRequest('x', clean).signature).toBe(placementRequest('x', body).signature);
  });

  it('leaves a body without expressions as it is', () => {
    const body = spec({ Env: ['PATH=a:b', 'constraints:x=1', 'A=constraint:b==c'] });
    expect(withoutExpressions(body)).toBe(body);
  });

  it.each<[Record<string, unknown>, string]>([
    [
      { Env: ['constraint:rack=r1'] },
      'constraint "rack=r1" has the unknown operator "=": write rack==value or !=value',
    ],
    [{ Env: ['reschedule:always'] }, 'reschedule policy "always" is not one: write on-node-failure or off'],
    [
      { Env: ['reschedule:off', 'reschedule:on-node-failure'] },
      'reschedule policy "off", "on-node-failure" is not one',
    ],
    [
      { Labels: { 'com.docker.swarm.constraints': 'rack==r1' } },
      'label com.docker.swarm.constraints is not a JSON array of strings: "rack==r1": write ["rack==r1"]',
    ],
    [{ Labels: { 'com.docker.swarm.affinities': '[1]' } }, 'is not a JSON array of strings'],
  ])('refuses %j', (rest, message) => {
    expect(() => withoutExpressions(spec(rest))).toThrow(message);
  });

  it('reads build arguments, which Docker splits at the first =', () => {
    const { labels, args } = buildArgExpressions({
      'constraint:node': '=h1',
      'constraint:rack!': 'r1',
      VERSION: '1',
      NONE: null,
    });
    expect(labels).toEqual({ 'com.docker.swarm.constraints': '["node==h1","rack!=r1"]' });
    expect(args).toEqual({ VERSION: '1', NONE: null });
  });
});

describe('placementRequest', () => {
  it('reads what a container depends on and uses', () => {
    const request = placementRequest(
      'web',
      spec({
        HostConfig: {
          VolumesFrom: ['data:ro'],
          Links: ['/db:database'],
          NetworkMode: 'container:proxy',
          IpcMode: 'container:shm',
          Binds: ['cache:/c', '/etc:/e', './x:/x', 'anonymous'],
          Mounts: [
            { Type: 'volume', Source: 'store', Target: '/s' },
            { Type: 'bind', Source: '/b', Target: '/b' },
          ],
        },
        NetworkingConfig: { EndpointsConfig: { back: {}, bridge: {} } },
      }),
    );
    expect(request.dependencies.map(({ ref, option }) => [ref, option])).toEqual([
      ['data', '--volumes-from=data:ro'],
      ['db', '--link=/db:database'],
      ['proxy', '--net=container:proxy'],
      ['shm', '--ipc=container:shm'],
    ]);
    expect(request.volumes).toEqual(['cache', 'store']);
    expect(request.networks).toEqual(['back']);
  });

  it('reads the placement of compose from its label', () => {
    const placement = {
      constraints: ['node.labels.rack == R1', 'node.role!=manager'],
      preferences: [{ spread: 'node.labels.az' }],
      max_replicas_per_node: 2,
    };
    const request = placementRequest(
      'web',
      spec({ Labels: { 'berth.placement': JSON.stringify(placement), 'berth.strategy': 'binpack' } }),
    );
    expect(request.constraints.map(({ text }) => text)).toEqual([
      'node.labels.rack==R1',
      'node.role!=manager',
    ]);
    expect(request.constraints[0]?.matches('r1')).toBe(true);
    expect(request).toMatchObject({ spreadOver: ['az'], maxReplicasPerHost: 2, strategy: 'binpack' });
    expect(
      placementRequest('web', spec({ Labels: { 'berth.strategy': 'binpack' } }), { strategy: 'random' })
        .strategy,
    ).toBe('random');
  });

  it.each<[Record<string, unknown>, string]>([
    [{ 'berth.placement': '{' }, 'label berth.placement is not JSON: "{"'],
    [
      { 'berth.placement': '{"constraints": ["node.labels.rack=r1"]}' },
      'constraint "node.labels.rack=r1" has no key, operator and value',
    ],
    [
      { 'berth.placement': '{"constraints": ["rack==r1"]}' },
      'constraint "rack==r1" has the unknown key "rack": write one of node.id',
    ],
    [
      { 'berth.placement': '{"preferences": [{"spread": "rack"}]}' },
      'preference spread "rack" names no label: write node.labels.rack',
    ],
    [{ 'berth.placement': '{"max_replicas_per_node": -1}' }, 'deploy.placement.max_replicas_per_node'],
  ])('refuses the label %j', (labels, message) => {
    expect(() => placementRequest('x', spec({ Labels: labels }))).toThrow(message);
  });

  it('gives equal requests one signature, whatever their names', () => {
    const body = { HostConfig: { Memory: GIB } };
    expect(placementRequest('a', spec(body)).signature).toBe(placementRequest('b', spec(body)).signature);
    expect(placementRequest('a', spec(body)).signature).not.toBe(placementRequest('a', spec({})).signature);
  });

  it.each<[Record<string, string>, string | undefined]>([
    [{}, undefined],
    [{ 'berth.service': 'web', 'com.docker.compose.service': 'x' }, 'web'],
    [{ 'com.docker.compose.project': 'p', 'com.docker.compose.service': 'web' }, 'p/web'],
    [
      {
        'com.docker.compose.project': 'p',
        'com.docker.compose.service': 'web',
        'com.docker.compose.oneoff': 'True',
      },
      undefined,
    ],
  ])('labels %j are of service %s', (labels, service) => {
    expect(serviceOf(labels).service).toBe(service);
  });

  it('knows the keys of compose constraints only', () => {
    expect(parseSwarmkitConstraint(' engine.labels.x  !=  y ').text).toBe('engine.labels.x!=y');
    expect(() => parseSwarmkitConstraint('node.labels.==x')).toThrow('unknown key "node.labels."');
  });
});

describe('resourcesOf', () => {
  it.each<[Record<string, unknown>, number, number]>([
    [{}, 0, 0],
    [{ NanoCpus: 1.5e9, Memory: GIB }, 1500, GIB],
    [{ Memory: 2 * GIB, MemoryReservation: GIB }, 0, GIB],
    [{ CpuQuota: 50_000 }, 500, 0],
    [{ CpuQuota: 50_000, CpuPeriod: 25_000 }, 2000, 0],
    [{ CpuQuota: -1 }, 0, 0],
    [{ CpuShares: 2 }, 2000, 0],
    [{ CpuShares: 1024 }, 0, 0],
  ])('%j sets aside %d milli and %d bytes', (hostConfig, cpuMilli, memory) => {
    expect(resourcesOf(hostConfig)).toMatchObject({ cpuMilli, memory });
  });

  it.each<[Record<string, unknown>, string]>([
    [{ Memory: -1 }, 'HostConfig.Memory is -1: write a number of at least 0 (bytes), 0 for none'],
    [{ Memory: '1g' }, 'HostConfig.Memory is "1g"'],
    [{ NanoCpus: -5 }, 'HostConfig.NanoCpus is -5'],
    [{ Memory: 1, MemoryReservation: 2 }, 'HostConfig.MemoryReservation 2 is more than HostConfig.Memory 1'],
  ])('refuses %j', (hostConfig, message) => {
    expect(() => resourcesOf(hostConfig)).toThrow(message);
  });
});
