import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { LogItem } from '../../contract/v1/services.ts';
import type { TestClient } from '../docker/testing/client.ts';
import { startEndpoint } from '../docker/testing/endpoint.ts';
import type { FakeCluster } from '../docker/testing/fake-cluster.ts';
import { EngineContainers } from './engine-containers.ts';

let cluster: FakeCluster;
let client: TestClient;
let hands: EngineContainers;
/** What the agent is asked, and answers. */
const ask = vi.fn();
const send = vi.fn();

beforeEach(async () => {
  vi.resetAllMocks();
  const started = await startEndpoint('alpha');
  ({ cluster, client } = started);
  hands = new EngineContainers(cluster.deps, { ask, send });
  return started.close;
});

async function create(): Promise<string> {
  const body = { Image: 'busybox', Env: ['PASSWORD=hunter2'] };
  return (await client.json<{ Id: string }>('POST', '/containers/create?name=web', body, 201)).Id;
}
const desired = (id: string) => cluster.store.view((tx) => tx.get('containers', id)?.desired);
const alpha = () => cluster.host('alpha').engine;

describe('a container of the cluster', () => {
  it('is started, stopped, restarted and removed by its record, as by docker', async () => {
    const id = await create();
    await hands.start('web');
    expect(desired(id)).toMatchObject({ state: 'running', starts: 1 });
    await hands.start('web');
    expect(desired(id)?.starts).toBe(1);
    await hands.restart(id, 3);
    expect(desired(id)).toMatchObject({ state: 'running', starts: 2, stop: { timeout: 3 } });
    await hands.stop('alpha/web', undefined);
    expect(desired(id)).toMatchObject({ state: 'stopped', stop: {} });
    await hands.start('web');
    await expect(hands.remove('web', { force: false, volumes: false })).rejects.toThrow(/running container/);
    await hands.remove('web', { force: true, volumes: true });
    await expect(hands.start('web')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('is inspected without the values of its environment by who may not exec', async () => {
    const id = await create();
    const of = async (role: 'viewer' | 'operator') =>
      (await hands.inspect('web', role)) as { Id: string; Config: { Env: string[] } };
    expect((await of('viewer')).Id).toBe(id);
    expect((await of('viewer')).Config.Env).toEqual(['PASSWORD=(hidden)']);
    expect((await of('operator')).Config.Env).toEqual(['PASSWORD=hunter2']);
  });

  it('is refused at once where its host is not there', async () => {
    await create();
    await cluster.setConnected('alpha', false);
    const down = { code: 'host_down', message: expect.stringContaining('alpha') };
    await expect(hands.start('web')).rejects.toMatchObject(down);
    await expect(hands.inspect('web', 'admin')).rejects.toMatchObject(down);
    await expect(hands.logs({ container: 'web' })).rejects.toMatchObject(down);
  });
});

describe('a container that Berth did not make', () => {
  it('is acted on through its engine', async () => {
    const engine = alpha();
    const made = engine.create('stray', { Image: 'busybox' });
    await hands.start('stray');
    expect(made.status).toBe('running');
    await hands.restart('stray', 2);
    await hands.stop('stray', 4);
    expect(made.status).toBe('exited');
    expect(
      engine.requests.filter((line) => line.startsWith('POST')).map((line) => line.replace(made.id, 'ID')),
    ).toEqual([
      expect.stringContaining('/containers/ID/start'),
      expect.stringContaining('/containers/ID/restart?t=2'),
      expect.stringContaining('/containers/ID/stop?t=4'),
    ]);
    await hands.remove('stray', { force: false, volumes: false });
    expect(engine.containers.size).toBe(0);
  });
});

describe('logs', () => {
  it('are what the engine has of what is wanted', async () => {
    await create();
    await hands.start('web');
    const read = await hands.logs({ container: 'web', tail: 10, since: '12.5' });
    const items: LogItem[] = [];
    for await (const item of read(AbortSignal.timeout(20_000))) items.push(item);
    const asked = alpha().requests.find((line) => line.includes('/logs')) ?? '';
    expect(Object.fromEntries(new URLSearchParams(asked.split('?')[1]))).toEqual({
      ...{ timestamps: '1', tail: '10', since: '12.5', stdout: '1', stderr: '1' },
    });
    expect(items).toEqual([
      {
        ...{ kind: 'line', container: 'web', service: '', hostName: 'alpha', stream: 'stdout', text: 'line' },
        at: '2026-01-01T00:00:00.000000000Z',
      },
    ]);
  });
});

describe('files', () => {
  it('are listed by the agent, for the engine’s ID, of what runs', async () => {
    await create();
    await expect(hands.files('web', '/etc')).rejects.toMatchObject({ code: 'conflict' });
    await hands.start('web');
    const listing = { path: '/etc', entries: [], isCut: false };
    ask.mockResolvedValueOnce(listing);
    expect(await hands.files('web', '/etc')).toEqual(listing);
    const [engineId] = alpha().containers.keys();
    expect(ask).toHaveBeenLastCalledWith(
      'h-alpha',
      '/folder',
      { container: engineId, path: '/etc' },
      expect.anything(),
    );
    ask.mockResolvedValueOnce({ path: '/etc' });
    await expect(hands.files('web', '/etc')).rejects.toThrow();
  });

  it('are sent to the agent, for the engine’s ID, of what has a root to be reached by', async () => {
    await create();
    const place = { folder: '/data', name: 'x', replace: false };
    const { signal } = new AbortController();
    const put = (ref: string) => hands.upload(ref, place, Readable.from(['hello']), signal);
    await expect(put('web')).rejects.toMatchObject({
      ...{ code: 'conflict', hint: expect.stringContaining('docker cp') },
    });
    expect(send).not.toHaveBeenCalled();
    await hands.start('web');
    await hands.pause('web');
    send.mockResolvedValueOnce({ path: '/data/x', size: 5 });
    expect(await put('web')).toEqual({ path: '/data/x', size: 5 });
    const [engineId] = alpha().containers.keys();
    const question = { container: engineId, ...place };
    expect(send).toHaveBeenLastCalledWith('h-alpha', '/put-file', question, expect.anything(), signal);
    await expect(put('none')).rejects.toMatchObject({ code: 'not_found' });
    await cluster.setConnected('alpha', false);
    await expect(put('web')).rejects.toMatchObject({ code: 'host_down' });
  });

  it('are downloaded: a folder as a tar, a file by itself, a link as what it leads to', async () => {
    await create();
    const engine = alpha();
    engine.paths.set('/', { name: '/', size: 4096, mode: 2 ** 31 + 0o755, linkTarget: '' });
    engine.paths.set('/etc', { name: 'etc', size: 4096, mode: 2 ** 31 + 0o755, linkTarget: '' });
    engine.paths.set('/a/real', { name: 'real', size: 5, mode: 0o644, linkTarget: '' });
    engine.paths.set('/link', { name: 'link', size: 4, mode: 2 ** 27 + 0o777, linkTarget: '/a/real' });
    engine.paths.set('/dead', { name: 'dead', size: 4, mode: 2 ** 27 + 0o777, linkTarget: '' });
    expect(await hands.download('web', '/etc/')).toEqual({ path: '/etc/', name: 'etc.tar', isFolder: true });
    expect(await hands.download('web', '/')).toMatchObject({ name: 'web.tar' });
    const file = await hands.download('web', '/link');
    expect(file).toEqual({ path: '/a/real', name: 'link', isFolder: false, size: 5 });
    const { size, body } = await hands.fetch('web', file);
    expect([size, await text(body)]).toEqual([5, 'hello']);
    for (const path of ['/dead', '/none'])
      await expect(hands.download('web', path)).rejects.toMatchObject({ code: 'not_found' });
  });
});
