import { expect, it } from 'vitest';
import { newSimulatedEngine } from '../../engine/index.ts';
import { BerthError } from '../../kit/errors.ts';
import { LABEL_CLUSTER } from '../../model/labels.ts';
import { complaintIn, RouterContainer, routerSpec } from './router-container.ts';

const never = new AbortController().signal;
const at = { clusterId: 'c1', folder: '/var/lib/berth/agent/router/haproxy' };
type Inspect = { Id: string; State: { Running: boolean }; Config: { Image: string } };

it('may do nothing but listen, and writes nowhere but where its sockets are', () => {
  const { HostConfig, Labels } = routerSpec('haproxy:2.8-alpine', at);
  expect(HostConfig).toMatchObject({
    ...{ NetworkMode: 'host', ReadonlyRootfs: true, CapDrop: ['ALL'], CapAdd: ['NET_BIND_SERVICE'] },
    SecurityOpt: ['no-new-privileges'],
    Mounts: [
      { Source: at.folder, ReadOnly: true },
      { Source: `${at.folder}/run`, ReadOnly: false },
    ],
  });
  expect(Labels[LABEL_CLUSTER]).toBe('c1');
});

it('is made once, started where it has ended, and made anew of another image', async () => {
  const engine = newSimulatedEngine();
  const container = new RouterContainer({ engine, ...at });
  const inspect = () => engine.json<Inspect>('GET', '/containers/berth-router/json');
  await container.ensure('haproxy:1', never);
  const first = await inspect();
  expect(first.State.Running).toBe(true);
  await engine.json('POST', '/containers/berth-router/kill');
  await container.ensure('haproxy:1', never);
  expect(await inspect()).toMatchObject({ Id: first.Id, State: { Running: true } });
  await container.ensure('haproxy:2', never);
  expect((await inspect()).Id).not.toBe(first.Id);
  await container.remove(never);
  await expect(inspect()).rejects.toMatchObject({ status: 404 });
  await container.remove(never);
});

it('says what to do where its image is nowhere to be had', async () => {
  const missing = () => Promise.reject(new BerthError('engine', 'no such host', { status: 404 }));
  const engine = Object.assign(Object.create(newSimulatedEngine()), { json: missing, request: missing });
  await expect(new RouterContainer({ engine, ...at }).ensure('haproxy:1', never)).rejects.toThrow(
    'image haproxy:1 is not there and cannot be pulled: bring it by "docker load" through the cluster, or name one that is there ("berth settings set routerImage=IMAGE"): no such host',
  );
});

it('leaves alone what only has its name', async () => {
  const engine = newSimulatedEngine();
  const container = new RouterContainer({ engine, ...at });
  await container.ensure('haproxy:1', never);
  const other = new RouterContainer({ engine, ...at, clusterId: 'c2' });
  const refused = expect.objectContaining({ code: 'conflict' });
  await expect(other.ensure('haproxy:1', never)).rejects.toEqual(refused);
  await expect(other.remove(never)).rejects.toEqual(refused);
});

it('says in HAProxy’s own words why it does not run', () => {
  const log = [
    '\x02\0\0\0\0\0\0\x40[NOTICE]   (1) : haproxy version is 2.6.12',
    '[ALERT]    (1) : Binding [/run/x:36] for frontend entry:0.0.0.0:80: cannot bind socket (Address already in use) for [0.0.0.0:80]',
    '[ALERT]    (1) : [haproxy.main()] Some protocols failed to start their listeners! Exiting.',
  ].join('\n');
  expect(complaintIn(log)).toContain('cannot bind socket (Address already in use) for [0.0.0.0:80]');
  expect(complaintIn('[NOTICE] (1) : all is well')).toBe('');
});
