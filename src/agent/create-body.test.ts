import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LABEL_CLUSTER, LABEL_GENERATION, LABEL_ID } from '../model/labels.ts';
import { assignmentRecord, clusterIdOf } from './agent.fixture.ts';
import { createBody } from './create-body.ts';

const context = {
  cluster: 'c1',
  cpus: 4,
  peers: [
    { clusterId: clusterIdOf('db'), engineId: 'engine-of-db', name: 'db' },
    { clusterId: clusterIdOf('dc'), engineId: 'engine-of-dc', name: 'dc' },
  ],
};

it('passes on what it does not know, whatever it is', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^X[a-z]+$/), fc.jsonValue()), (more) => {
      const spec = { Image: 'busybox', ...more, HostConfig: { ...more } };
      const body = createBody(assignmentRecord('web', {}, spec), context);
      expect(body).toMatchObject(more);
      expect(body.HostConfig).toEqual(more);
    }),
  );
});

it('adds its labels over any that pretend to be', () => {
  const web = assignmentRecord('web', { generation: 7 }, { Labels: { a: 'b', [LABEL_ID]: 'forged' } });
  expect(createBody(web, context).Labels).toEqual({
    a: 'b',
    [LABEL_ID]: web.id,
    [LABEL_CLUSTER]: 'c1',
    [LABEL_GENERATION]: '7',
  });
});

it.each([
  [{}, clusterIdOf('web').slice(0, 12)],
  [{ Hostname: 'mine' }, 'mine'],
  [{ HostConfig: { NetworkMode: 'host' } }, undefined],
  [{ HostConfig: { NetworkMode: 'container:db' } }, undefined],
  [{ HostConfig: { UTSMode: 'host' } }, undefined],
])('host name of %j', (spec, hostname) => {
  expect(createBody(assignmentRecord('web', {}, spec), context).Hostname).toBe(hostname);
});

it.each([
  ['NetworkMode', `container:${clusterIdOf('db')}`, 'container:engine-of-db'],
  ['NetworkMode', 'container:db', 'container:db'],
  ['PidMode', `container:${clusterIdOf('db').slice(0, 12)}`, 'container:engine-of-db'],
  // The first two digits are those of both: not told apart, so left for the engine to refuse.
  ['IpcMode', 'container:64', 'container:64'],
  ['IpcMode', 'shareable', 'shareable'],
  [
    'VolumesFrom',
    [`${clusterIdOf('db')}:ro`, 'dc', clusterIdOf('dc')],
    ['engine-of-db:ro', 'dc', 'engine-of-dc'],
  ],
  ['Links', [`${clusterIdOf('db')}:sql`, '/dc:x'], ['engine-of-db:sql', '/dc:x']],
])('%s %j becomes %j', (field, value, expected) => {
  const body = createBody(assignmentRecord('web', {}, { HostConfig: { [field]: value } }), context);
  expect(body.HostConfig?.[field]).toEqual(expected);
});

it('names networks of the cluster by their names, as mode and as endpoint', () => {
  const networks = [{ id: clusterIdOf('n'), spec: { Name: 'shop' } }];
  const spec = {
    HostConfig: { NetworkMode: clusterIdOf('n') },
    NetworkingConfig: {
      EndpointsConfig: {
        [clusterIdOf('n')]: { Aliases: ['a'], Links: [`${clusterIdOf('db')}:x`] },
        other: null,
      },
    },
  };
  const body = createBody(
    { ...assignmentRecord('web', {}, spec), needs: { networks, volumes: [] } },
    context,
  );
  expect(body.HostConfig).toEqual({ NetworkMode: 'shop' });
  expect(body.NetworkingConfig).toEqual({
    EndpointsConfig: { shop: { Aliases: ['a'], Links: ['engine-of-db:x'] }, other: null },
  });
});

it('turns cores in CpuShares into a weight, and leaves weights', () => {
  const shares = (CpuShares: number) =>
    createBody(assignmentRecord('web', {}, { HostConfig: { CpuShares } }), context).HostConfig?.CpuShares;
  expect(shares(2)).toBe(512);
  expect(shares(512)).toBe(512);
  expect(shares(0)).toBe(0);
});
