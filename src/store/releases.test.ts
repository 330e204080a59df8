import { expect, it } from 'vitest';
import type { ReleaseRecord, ServiceRecord } from '../model/deployment.ts';
import type { Service } from '../model/service.ts';
import { newMemoryStore } from './index.ts';
import { servesAs, splitOf } from './releases.ts';

const spec = (Image: string, more: object = {}) =>
  ({
    name: 'web',
    runs: { kind: 'service' },
    scale: { kind: 'replicated' },
    container: { Image },
    update: {},
    files: [],
    routes: [],
    listeners: [],
    ...more,
  }) as unknown as Service;
const release = (number: number, Image: string, more: object = {}) =>
  ({
    ...{ kind: 'release-record', stack: 'shop', service: 'web', number, state: 'done', spec: spec(Image) },
    ...{ cause: { kind: 'deploy' }, ...more },
  }) as unknown as ReleaseRecord;

async function holding(...all: ReleaseRecord[]) {
  const store = newMemoryStore();
  await store.update((tx) => {
    for (const one of all) tx.put('releases', one);
  });
  const wanted = all.at(-1) as ReleaseRecord;
  const record = { stack: 'shop', name: 'web', release: wanted.number } as ServiceRecord;
  return {
    serves: (made: number) => store.view((tx) => servesAs(tx, wanted, made)),
    split: () => store.view((tx) => splitOf(tx, record)),
  };
}

const restart = { cause: { kind: 'restart' } };
const redeploy = { cause: { kind: 'redeploy' } };
const back = (to: number) => ({ cause: { kind: 'rollback', to, automatic: false } });

it.each([
  ['a way back to it', [release(1, 'a'), release(2, 'b'), release(3, 'a', back(1))], true],
  ['a way back over a restart', [release(1, 'a'), release(2, 'a', restart), release(3, 'a', back(1))], false],
  ['another image', [release(1, 'a'), release(2, 'b')], false],
  ['a restart', [release(1, 'a'), release(2, 'a', restart)], false],
  ['the image anew under its name', [release(1, 'a'), release(2, 'a', redeploy)], false],
  ['a release after such an image', [release(1, 'a'), release(2, 'a', redeploy), release(3, 'a')], false],
  [
    'a way back before such an image',
    [release(1, 'a'), release(2, 'a', redeploy), release(3, 'a', back(1))],
    true,
  ],
] as const)('a container of release 1 is kept for what it is as well: %s', async (_, all, kept) => {
  expect((await holding(...all)).serves(1)).toBe(kept);
});

it('shares requests between a version and the one before it, until it is done, and by a header while it may serve', async () => {
  const match = { in: 'header', name: 'x', value: 'y' };
  const going = (more: object) => ({
    ...{ state: 'releasing', shift: { weight: 20, step: 0, since: 0 } },
    ...{ spec: spec('c', { update: { shift: { steps: [], confirm: 'by-hand', match } } }), ...more },
  });
  const before = [release(1, 'a'), release(2, 'b', { state: 'paused' })];
  const split = async (more: object) => (await holding(...before, release(3, 'c', going(more)))).split();
  const found = await split({});
  expect([1, 2, 3].map((made) => found?.sideOf(made))).toEqual(['old', 'none', 'new']);
  expect(found).toMatchObject({ weight: 20, match });
  const stopped = { weight: 0, step: -1, since: 0 };
  expect((await split({ state: 'paused', shift: stopped }))?.match).toBeUndefined();
  expect((await split({ state: 'waiting', shift: stopped }))?.match).toEqual(match);
  expect((await split(back(1)))?.match).toBeUndefined();
  expect(await split({ state: 'done' })).toBeUndefined();
  expect(await split({ shift: undefined })).toBeUndefined();
});
