import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newMemoryStore } from '../../../store/index.ts';
import { putImages } from '../system/cluster.fixture.ts';
import { findImage } from './find-image.ts';
import { listImages } from './image-list.ts';
import { familiarMatch, pathMatch } from './path-match.ts';

const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'ab'.repeat(32)}`;
const C = `sha256:${'c'.repeat(64)}`;

const entry = (id: string, created: number, tags: string[] | null, more = {}) => ({
  Id: id,
  RepoTags: tags,
  RepoDigests: null,
  Created: created,
  Size: 100,
  VirtualSize: 100,
  Labels: null,
  Containers: -1,
  ...more,
});

async function filled() {
  const store = newMemoryStore();
  await putImages(store, 'h1', entry(A, 10, ['app:1', 'app:latest']), entry(C, 30, ['<none>:<none>']));
  await putImages(
    store,
    'h2',
    entry(A, 10, ['app:1', 'other/app:1']),
    entry(B, 20, ['app:latest'], { Labels: { tier: 'x' } }),
  );
  return store;
}

async function list(filters: Record<string, string[]> = {}, apiVersion = '1.41') {
  const store = await filled();
  return store.view((tx) =>
    listImages(tx, tx.all('observedImages'), new Map(Object.entries(filters)), {
      apiVersion,
      now: 1_000_000,
    }),
  );
}

const ids = (entries: readonly Readonly<Record<string, unknown>>[]) => entries.map(({ Id }) => Id);

describe('listImages', () => {
  it('shows one entry for each ID, with the tags of all hosts, the newest first', async () => {
    const entries = await list();
    expect(ids(entries)).toEqual([C, B, A]);
    expect(entries[2]).toMatchObject({ RepoTags: ['app:1', 'app:latest', 'other/app:1'], VirtualSize: 100 });
  });

  it('shows images without a name as the client’s API version does', async () => {
    expect((await list())[0]?.RepoTags).toEqual(['<none>:<none>']);
    const [newer] = await list({}, '1.44');
    expect(newer?.RepoTags).toEqual([]);
    expect(newer).not.toHaveProperty('RepoTags', ['<none>:<none>']);
  });

  it('filters', async () => {
    expect(ids(await list({ dangling: ['true'] }))).toEqual([C]);
    expect(ids(await list({ dangling: ['false'] }))).toEqual([B, A]);
    expect(ids(await list({ label: ['tier=x'] }))).toEqual([B]);
    expect(ids(await list({ label: ['tier=y'] }))).toEqual([]);
    expect(ids(await list({ before: ['ab'.repeat(6)] }))).toEqual([A]);
    expect(ids(await list({ since: ['app:1'] }))).toEqual([C, B]);
    expect(ids(await list({ node: ['h1'] }))).toEqual([C, A]);
    expect(ids(await list({ until: ['15'] }))).toEqual([A]);
    const [only] = await list({ reference: ['other/*'] });
    expect(only?.RepoTags).toEqual(['other/app:1']);
  });

  it('refuses what it cannot understand', async () => {
    await expect(list({ before: ['nope'] })).rejects.toThrow('No such image: nope:latest');
    await expect(list({ dangling: ['maybe'] })).rejects.toThrow("invalid filter 'dangling=maybe'");
  });
});

describe('findImage', () => {
  it('takes the newest where hosts differ under one tag', async () => {
    const store = await filled();
    const found = store.view((tx) => findImage(tx, 'docker.io/library/app'));
    expect(found).toMatchObject({ imageId: B, byId: false });
    expect(found?.copies.map(({ hostId }) => hostId)).toEqual(['h2']);
    expect(found?.all.map(({ hostId }) => hostId).sort()).toEqual(['h1', 'h2']);
  });

  it('finds by whole ID and by the beginning of one', async () => {
    const store = await filled();
    store.view((tx) => {
      expect(findImage(tx, A)?.copies).toHaveLength(2);
      expect(findImage(tx, 'cccc')?.imageId).toBe(C);
      expect(findImage(tx, 'ababab')).toMatchObject({ imageId: B, byId: true });
      expect(findImage(tx, 'app:9')).toBeUndefined();
      expect(findImage(tx, 'ffff')).toBeUndefined();
    });
    await putImages(store, 'h3', entry(`sha256:${'cc'.repeat(31)}00`, 1, null));
    expect(() => store.view((tx) => findImage(tx, 'cccc'))).toThrow('"cccc" is ambiguous: 2 images');
  });
});

describe('pathMatch', () => {
  it('does as Go’s path.Match', () => {
    const cases: [string, string, boolean][] = [
      ['abc', 'abc', true],
      ['*', 'abc', true],
      ['*c', 'abc', true],
      ['a*', 'a', true],
      ['a*', 'ab/c', false],
      ['a*/b', 'abc/b', true],
      ['a*/b', 'a/c/b', false],
      ['a*b*c*d*e*/f', 'axbxcxdxe/f', true],
      ['a*b*c*d*e*/f', 'axbxcxdxexxx/fff', false],
      ['ab[c]', 'abc', true],
      ['ab[b-d]', 'abc', true],
      ['ab[e-g]', 'abc', false],
      ['ab[^c]', 'abc', false],
      ['ab[^e-g]', 'abc', true],
      ['a\\*b', 'a*b', true],
      ['a\\*b', 'ab', false],
      ['a?b', 'a☺b', true],
      ['a?b', 'a/b', false],
      ['[a-ζ]*', 'α', true],
      ['[', 'a', false],
      ['*x', 'xxx', true],
    ];
    for (const [pattern, text, matches] of cases) {
      expect([pattern, text, pathMatch(pattern, text)]).toEqual([pattern, text, matches]);
    }
    expect(familiarMatch('app', 'app:latest')).toBe(true);
    expect(familiarMatch('*/app', 'other/app:1')).toBe(true);
    expect(familiarMatch('app', 'other/app:1')).toBe(false);
  });

  it('ends soon, whatever the pattern', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('*', 'a', '?', '[a-c]', '/', '\\a', '['), { maxLength: 60 }),
        (parts) => {
          const before = performance.now();
          pathMatch(parts.join(''), 'a'.repeat(300));
          expect(performance.now() - before).toBeLessThan(200);
        },
      ),
      { numRuns: 200 },
    );
  });
});
