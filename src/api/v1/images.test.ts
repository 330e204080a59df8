import { afterEach, beforeEach, expect, it } from 'vitest';
import { observedContainer } from '../../model/records.fixture.ts';
import type { WriteTx } from '../../store/index.ts';
import { imageRecord } from '../docker/system/observe.ts';
import { type ApiFixture, fakeImages, hostRecord, startApi } from './api.fixture.ts';

let api: ApiFixture;
beforeEach(async () => {
  const remove = async (image: string) => ({ removed: [image], warnings: [] });
  api = await startApi({ images: { ...fakeImages, remove } });
  await api.store.update((tx) => {
    for (const [id, name] of [
      ['h1', 'alpha'],
      ['h2', 'beta'],
    ] as const)
      tx.put('hosts', hostRecord(id, name));
    put(tx, 'h1', 'sha256:web', ['web:1'], 100);
    put(tx, 'h2', 'sha256:web', ['web:1', 'web:latest'], 100);
    put(tx, 'h2', 'sha256:old', ['<none>:<none>'], 50);
    put(tx, 'h2', 'sha256:tool', ['tool:2'], 7);
    tx.put('observedContainers', observedContainer('h1', 'e1', { name: 'plain', imageId: 'sha256:web' }));
  });
});
afterEach(() => api.close());

function put(tx: WriteTx, hostId: string, Id: string, RepoTags: string[], Size: number): void {
  tx.put('observedImages', imageRecord(hostId, { Id, RepoTags, RepoDigests: [], Size, Created: Size }));
}

it('lists each image once, with the hosts that have it and the containers that were made of it', async () => {
  const { images, fills } = await api.root.call('image.list');
  expect(fills).toEqual(['h1']);
  expect(images).toEqual([
    {
      ...{ id: 'sha256:web', tags: ['web:1', 'web:latest'], digests: [], size: 100, createdAt: 100_000 },
      ...{ hostNames: ['alpha', 'beta'], users: ['alpha/plain'] },
    },
    expect.objectContaining({ id: 'sha256:old', tags: [], hostNames: ['beta'], users: [] }),
    expect.objectContaining({ id: 'sha256:tool', tags: ['tool:2'] }),
  ]);
});

it('tells beforehand what a prune deletes', async () => {
  const ids = async (all?: boolean) => {
    const { images, bytes } = await api.root.call('image.prunable', all === undefined ? {} : { all });
    return [images.map(({ id }) => id), bytes];
  };
  expect(await ids()).toEqual([['sha256:old'], 50]);
  expect(await ids(true)).toEqual([['sha256:old', 'sha256:tool'], 57]);
});

it('writes a pull down once it is done, with the hosts on which it was not', async () => {
  const told = async () =>
    (await api.root.call('audit.list', { action: 'image.pull' })).entries.map(({ outcome }) => outcome);
  await api.close();
  let goOn: () => void = () => undefined;
  const pull = () =>
    async function* (signal: AbortSignal) {
      yield { kind: 'pulled' as const, host: 'alpha' };
      await new Promise<void>((resolve) => {
        goOn = resolve;
        signal.addEventListener('abort', () => resolve());
      });
      yield { kind: 'failed' as const, host: 'beta', reason: 'no space' };
    };
  api = await startApi({ images: { ...fakeImages, pull } });
  const operator = api.client(api.tokens.operator);
  const seen: string[] = [];
  for await (const { kind } of operator.lines('image.pull', { image: 'web:2' })) {
    seen.push(kind);
    if (kind === 'pulled') {
      expect(await told()).toEqual([]);
      goOn();
    }
  }
  expect(seen).toEqual(['pulled', 'failed']);
  await expect.poll(told).toEqual(['host beta: no space']);
  const leaves = new AbortController();
  const reading = (async () => {
    for await (const _ of operator.lines('image.pull', { image: 'web:3' }, { signal: leaves.signal }))
      leaves.abort();
  })();
  await reading.catch(() => undefined);
  await expect.poll(told).toEqual(['who asked went away before it was done', 'host beta: no space']);
});

it('lets operators pull, remove and prune, and writes that down', async () => {
  const operator = api.client(api.tokens.operator);
  const items = [];
  for await (const item of operator.lines('image.pull', { image: 'web:2', nodes: ['alpha'] }))
    items.push(item);
  expect(items).toEqual([{ kind: 'pulled', host: 'h1' }]);
  expect(await operator.call('image.remove', { image: 'registry:5000/a/web:1' })).toMatchObject({
    removed: ['registry:5000/a/web:1'],
  });
  expect(await operator.call('image.prune', { all: true })).toMatchObject({ removed: 2 });
  const viewer = api.client(api.tokens.viewer);
  await expect(viewer.call('image.prune', {})).rejects.toMatchObject({ code: 'forbidden' });
  const { entries } = await api.root.call('audit.list', { action: 'image.*' });
  expect(entries.map(({ action, target }) => `${action} ${target}`).toReversed()).toEqual([
    ...['image.pull web:2', 'image.remove registry:5000/a/web:1', 'image.prune ', 'image.prune '],
  ]);
});
