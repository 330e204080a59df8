import { beforeEach, describe, expect, it } from 'vitest';
import type { Container, ObservedContainer } from '../../../model/container.ts';
import type { TestClient } from '../testing/client.ts';
import { startEndpoint } from '../testing/endpoint.ts';
import type { FakeCluster } from '../testing/fake-cluster.ts';

let cluster: FakeCluster;
let client: TestClient;

beforeEach(async () => {
  const started = await startEndpoint('alpha');
  ({ cluster, client } = started);
  return started.close;
});

type Entry = { Id: string; State: string; Status: string };
const ps = (query = '') => client.json<Entry[]>('GET', `/containers/json${query}`);
const record = (id: string) => cluster.store.view((tx) => tx.get('containers', id));

/** A running container with that policy label. */
async function run(label: string): Promise<string> {
  const body = { Image: 'busybox', Labels: { 'berth.restart': label } };
  const { Id } = await client.json<{ Id: string }>('POST', '/containers/create?name=web', body, 201);
  await client.json('POST', '/containers/web/start', undefined, 204);
  return Id;
}

const engineContainer = () => {
  const [made] = [...cluster.host('alpha').engine.containers.values()];
  if (made === undefined) throw new Error('none there');
  return made;
};

/** Its process ends, and its agent says when it will start it again. */
async function ended(more: Partial<ObservedContainer>): Promise<void> {
  const { engine } = cluster.host('alpha');
  engine.set(engineContainer(), 'exited');
  await cluster.store.update((tx) => {
    for (const seen of tx.all('observedContainers')) tx.put('observedContainers', { ...seen, ...more });
  });
}

describe("Berth's restart policy at the endpoint", () => {
  it.each(['sometimes', 'on-failure:-1'])(
    'a label that says nothing known (%s) is refused',
    async (label) => {
      const body = { Image: 'busybox', Labels: { 'berth.restart': label } };
      const { status, text } = await client.send('POST', '/containers/create?name=web', body);
      expect(status).toBe(400);
      expect(JSON.parse(text).message).toContain(`invalid label berth.restart=${label}: write always`);
    },
  );

  it('is refused beside --rm', async () => {
    const body = {
      Image: 'busybox',
      Labels: { 'berth.restart': 'always' },
      HostConfig: { AutoRemove: true },
    };
    expect((await client.send('POST', '/containers/create?name=web', body)).status).toBe(400);
  });

  it('what is about to be started again is listed and inspected as restarting, with its count', async () => {
    const id = await run('always');
    await ended({ nextStartAt: Date.now() + 60_000, restarts: 3 });
    expect(await ps()).toMatchObject([
      { Id: id, State: 'restarting', Status: expect.stringMatching(/^Restarting/) },
    ]);
    type Inspect = { RestartCount: number; State: { Status: string; Restarting: boolean } };
    const inspect = await client.json<Inspect>('GET', '/containers/web/json');
    expect(inspect).toMatchObject({ RestartCount: 3, State: { Status: 'restarting', Restarting: true } });
  });

  it.each(['stop', 'kill'])('%s of what is about to be started again keeps it down', async (verb) => {
    const id = await run('always');
    await ended({ nextStartAt: Date.now() + 60_000 });
    await client.json('POST', `/containers/web/${verb}`, undefined, 204);
    expect(record(id)?.desired.state).toBe('stopped');
  });

  it('what the user has stopped is not told as restarting, though its agent cannot say so now', async () => {
    const id = await run('always');
    await ended({ nextStartAt: Date.now() + 60_000 });
    const made = record(id);
    if (made === undefined) throw new Error('none there');
    await cluster.store.update((tx) => {
      tx.put('containers', { ...made, desired: { ...made.desired, state: 'stopped' } });
    });
    expect(await ps('?all=1')).toMatchObject([{ Id: id, State: 'exited' }]);
    const { State } = await client.json<{ State: { Status: string } }>('GET', '/containers/web/json');
    expect(State.Status).toBe('exited');
  });
});

describe('a container that was removed on its host', () => {
  async function removed(): Promise<string> {
    const id = await run('no');
    cluster.host('alpha').engine.remove(engineContainer());
    const made = record(id);
    await cluster.store.update((tx) => {
      if (made !== undefined) tx.put('containers', { ...made, assigned: { ...made.assigned, at: 0 } });
    });
    return id;
  }

  it('is listed as lost, and its inspection says what to do', async () => {
    const id = await removed();
    expect(await ps()).toEqual([]);
    expect(await ps('?all=1')).toMatchObject([
      { Id: id, State: 'dead', Status: 'Lost (removed on its host)' },
    ]);
    const { status, text } = await client.send('GET', '/containers/web/json');
    expect(status).toBe(404);
    expect(JSON.parse(text).message).toMatch(
      /No such container: web: it was removed on its host alpha.*docker start web/,
    );
  });

  it('is told as being made, where its host has just been given it', async () => {
    const id = await removed();
    const made = record(id);
    await cluster.store.update((tx) => {
      if (made !== undefined)
        tx.put('containers', { ...made, assigned: { ...made.assigned, at: Date.now() } });
    });
    const { status, text } = await client.send('GET', '/containers/web/json');
    expect([status, JSON.parse(text).message]).toEqual([
      404,
      expect.stringContaining('host alpha is about to make it'),
    ]);
  });

  it('is told as being made, where its host has not acted on it yet, or its engine refuses to', async () => {
    const id = await removed();
    const waits = async () => {
      expect(await ps('?all=1')).toMatchObject([{ Id: id, State: 'created', Status: 'Created' }]);
      const { text } = await client.send('GET', '/containers/web/json');
      expect(JSON.parse(text).message).toContain('host alpha is about to make it');
    };
    cluster.due.add(id);
    await waits();
    cluster.due.delete(id);
    const service = { ...{ stack: 'shop', name: 'web', index: 1 }, refusal: 'No such image: x' };
    await cluster.store.update((tx) => {
      const made = record(id);
      if (made !== undefined) tx.put('containers', { ...made, service } as Container);
    });
    await waits();
  });

  it('comes back with a start, and goes for good with a removal', async () => {
    await removed();
    await client.json('POST', '/containers/web/start', undefined, 204);
    expect(await ps()).toMatchObject([{ State: 'running' }]);
    cluster.host('alpha').engine.remove(engineContainer());
    await client.json('DELETE', '/containers/web', undefined, 204);
    expect(await ps('?all=1')).toEqual([]);
  });
});
