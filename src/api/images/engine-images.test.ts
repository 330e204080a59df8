import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import type { PullItem } from '../../contract/v1/images.ts';
import {
  type Asked,
  type Cluster,
  newCluster,
  putContainer,
  putImages,
} from '../docker/system/cluster.fixture.ts';
import { EngineImages } from './engine-images.ts';
import { merged } from './merged.ts';

let cluster: Cluster;
afterEach(() => cluster?.close());

const WEB = { Id: 'sha256:web', RepoTags: ['web:1'], RepoDigests: [], Size: 10, Created: 1 };
const pulling = ({ path }: Asked) =>
  path === '/images/create'
    ? {
        lines: [
          { status: 'Pulling from web', id: '1' },
          { status: 'Downloading', id: 'layer', progressDetail: { current: 5, total: 10 } },
        ],
      }
    : path === '/images/json'
      ? { json: [WEB] }
      : undefined;
const broken = ({ path }: Asked) =>
  path === '/images/create' ? { lines: [{ errorDetail: { message: 'manifest unknown' } }] } : undefined;

async function pull(image: string, nodes?: readonly string[]): Promise<PullItem[]> {
  const items = [];
  const source = new EngineImages(cluster.deps).pull(image, nodes);
  for await (const item of source(AbortSignal.timeout(10_000))) items.push(item);
  return items;
}

describe('a pull', () => {
  it('tells what each host says, and which of them failed', async () => {
    cluster = await newCluster({ h1: pulling, h2: broken });
    const items = await pull('web:1');
    expect(items).toContainEqual({
      ...{ kind: 'progress', host: 'h1', id: 'layer', status: 'Downloading', done: 5, all: 10 },
    });
    expect(items).toContainEqual({ kind: 'pulled', host: 'h1' });
    expect(items).toContainEqual({ kind: 'failed', host: 'h2', reason: 'manifest unknown' });
    const asked = cluster.asked.find(({ path }) => path === '/images/create');
    expect(Object.fromEntries(asked?.query ?? [])).toEqual({ fromImage: 'web', tag: '1' });
    expect(cluster.store.view((tx) => [...tx.by('observedImages', 'host', 'h1')].length)).toBe(1);
  });

  it('goes to the hosts that are named, by digest too, and is refused where one is not there', async () => {
    cluster = await newCluster({ h1: pulling, h2: pulling });
    const digest = `web@sha256:${'a'.repeat(64)}`;
    expect((await pull(digest, ['h2', 'h2'])).at(-1)).toEqual({ kind: 'pulled', host: 'h2' });
    const asked = cluster.asked.filter(({ path }) => path === '/images/create');
    expect(asked.map(({ host, query }) => [host, query.get('fromImage'), query.get('tag')])).toEqual([
      ['h2', 'web', `sha256:${'a'.repeat(64)}`],
    ]);
    await expect(pull('web', ['h9'])).rejects.toMatchObject({ code: 'not_found' });
    cluster.cut('h1');
    await expect(pull('web', ['h1'])).rejects.toMatchObject({ code: 'host_down' });
  });
});

it('tells which hosts a pull goes to', async () => {
  cluster = await newCluster({ h1: pulling, h2: pulling, h3: pulling });
  const hands = new EngineImages(cluster.deps);
  await cluster.store.update((tx) => {
    const [host] = [...tx.all('hosts')].filter(({ name }) => name === 'h2');
    if (host !== undefined) tx.put('hosts', { ...host, cordoned: true });
  });
  expect(hands.fills()).toEqual(['h1', 'h3']);
  cluster.cut('h1');
  expect(hands.fills()).toEqual(['h3']);
  cluster.cut('h3');
  expect(hands.fills()).toEqual([]);
});

it('removes as docker does, and passes the refusal of an engine on', async () => {
  const engine = ({ method, path }: Asked) => {
    if (path === '/images/json') return { json: [] };
    if (method !== 'DELETE') return undefined;
    if (path === '/images/busy')
      return { status: 409, json: { message: 'conflict: container abc is using it' } };
    return { json: [{ Untagged: 'web:1' }, { Deleted: 'sha256:web' }] };
  };
  cluster = await newCluster({ h1: engine });
  await putImages(cluster.store, 'h1', WEB, { ...WEB, Id: 'sha256:busy', RepoTags: ['busy:latest'] });
  const hands = new EngineImages(cluster.deps);
  expect((await hands.remove('web:1', false)).removed).toEqual(['web:1', 'sha256:web']);
  await expect(hands.remove('busy', true)).rejects.toMatchObject({ code: 'engine', status: 409 });
  const forced = cluster.asked.find(({ path }) => path === '/images/busy');
  expect(forced?.query.get('force')).toBe('1');
});

it('prunes on all hosts, and counts what went', async () => {
  const engine = ({ path }: Asked) =>
    path === '/images/prune'
      ? { json: { ImagesDeleted: [{ Untagged: 'a' }, { Deleted: 'sha256:a' }], SpaceReclaimed: 4 } }
      : { json: [] };
  cluster = await newCluster({ h1: engine, h2: engine });
  const hands = new EngineImages(cluster.deps);
  expect(await hands.prune(true)).toEqual({ removed: 1, bytes: 8, warnings: [] });
  const asked = cluster.asked.find(({ path }) => path === '/images/prune');
  expect(asked?.query.get('filters')).toBe('{"dangling":["false"]}');
});

it('tells what each host uses of its disk, and names the one that does not say', async () => {
  const usage = {
    LayersSize: 100,
    Images: [
      { Id: 'a', Size: 60, SharedSize: 0, Containers: 1 },
      { Id: 'b', Size: 40, SharedSize: 0, Containers: 0 },
    ],
    Containers: [
      { Id: 'e1', State: 'running', SizeRw: 5 },
      { Id: 'e2', State: 'exited', SizeRw: 3 },
    ],
    Volumes: [
      { Name: 'data', UsageData: { Size: 20, RefCount: 1 } },
      { Name: 'left', UsageData: { Size: 7, RefCount: 0 } },
      { Name: 'far', UsageData: { Size: -1, RefCount: -1 } },
    ],
    BuildCache: [{ Size: 9, InUse: false, Shared: false }],
  };
  cluster = await newCluster({ h1: () => ({ json: usage }), h2: () => ({ json: {} }) });
  await putContainer(cluster.store, 'h1', 'e1');
  cluster.cut('h2');
  const { hosts, volumes, warnings } = await new EngineImages(cluster.deps).usage('admin');
  expect(hosts).toEqual([
    {
      name: 'h1',
      images: { count: 2, bytes: 100, reclaimable: 40 },
      containers: { count: 2, bytes: 8, reclaimable: 3 },
      volumes: { count: 3, bytes: 27, reclaimable: 7 },
      buildCache: { count: 1, bytes: 9, reclaimable: 9 },
    },
  ]);
  expect(volumes.map(({ name, bytes }) => [name, bytes])).toEqual([
    ['h1/data', 20],
    ['h1/left', 7],
  ]);
  expect(warnings).toEqual([expect.stringContaining('h2')]);
});

it('keeps nothing of what has been told for a source that says nothing', async () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  async function* silent(): AsyncGenerator<number> {
    await new Promise(() => undefined);
  }
  async function* talking() {
    for (let i = 0; ; i++) yield i;
  }
  const sources = [...Array.from({ length: 10 }, silent), talking()];
  gc();
  const before = process.memoryUsage().heapUsed;
  for await (const told of merged(sources)) {
    if (told < 20_000) continue;
    gc();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(8_000_000);
    break;
  }
});

it('fails as one of its sources does', async () => {
  async function* broken() {
    yield 1;
    throw new Error('it broke');
  }
  const told: number[] = [];
  const read = async () => {
    for await (const value of merged([broken()])) told.push(value);
  };
  await expect(read()).rejects.toThrow('it broke');
  expect(told).toEqual([1]);
});

it('ends all sources where the reader leaves', async () => {
  const ended: string[] = [];
  async function* source(name: string) {
    try {
      for (;;) yield name;
    } finally {
      ended.push(name);
    }
  }
  for await (const _ of merged([source('a'), source('b')])) break;
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended.sort()).toEqual(['a', 'b']);
});
