import { afterEach, beforeEach, expect, it } from 'vitest';
import { readStack } from '../../compose/index.ts';
import { newTestVault } from '../../kit/vault.fixture.ts';
import { type KeptFile, purposeOf } from '../../model/kept-file.ts';
import type { Stack } from '../../model/stack.ts';
import { newMemoryStore, type Store } from '../../store/index.ts';
import { deploy, diffOf } from '../services/deploy.ts';
import { createFile, fileNamed } from './keep-file.ts';
import { sweepFiles } from './sweep-files.ts';

const vault = newTestVault();
let store: Store;
beforeEach(() => {
  store = newMemoryStore();
});
afterEach(() => store.close());

const text = (secret = 'file: ./s.txt', more = '') => `
services:
  web: { image: web, secrets: [s] }
secrets: { s: { ${secret} }${more} }
`;
function stack(file: string, content: string, name = 'shop'): Stack {
  const files: Record<string, string> = { '/x/compose.yml': file, '/x/s.txt': content };
  const input = { files: ['/x/compose.yml'], folder: '/x', env: {}, name };
  return readStack({ ...input, read: (path) => files[path] }).stack;
}
const put = (spec: Stack) => store.update((tx) => deploy(tx, vault, spec, { by: 'root', at: 1 }));
const all = () => store.view((tx) => [...tx.all('keptFiles')]);
const openOf = (file: KeptFile | undefined) =>
  file === undefined ? undefined : vault.open(file.sealed, purposeOf(file)).toString();
const live = (name: string) => store.view((tx) => fileNamed(tx, 'secret', name));

it('keeps the content sealed, nowhere else, and the same deployment changes nothing', async () => {
  const first = await put(stack(text(), 'hunter2'));
  expect(first.diff.created).toContainEqual({ kind: 'secret', key: 's' });
  expect(openOf(live('shop_s'))).toBe('hunter2');
  expect(live('shop_s')).toMatchObject({ stack: 'shop', createdBy: 'root' });
  const written = store.view((tx) => [
    ...tx.all('stacks'),
    ...tx.all('services'),
    ...tx.all('releases'),
    ...all(),
  ]);
  expect(JSON.stringify(written)).not.toContain('hunter2');
  const again = await put(stack(text(), 'hunter2'));
  expect(again).toEqual({ diff: { created: [], changed: [], removed: [] }, notes: [], releases: [] });
  // As the cluster shows it, too.
  const shown = store.view((tx) => tx.get('stacks', 'shop')?.stack);
  expect((await put(shown as Stack)).releases).toEqual([]);
});

it('tells that a secret has changed, not to what, and releases the services that have it', async () => {
  await put(stack(text(), 'hunter2'));
  const before = live('shop_s');
  const planned = store.view((tx) => diffOf(tx, vault, stack(text(), 'hunter3')));
  expect(JSON.stringify(planned)).not.toContain('hunter');
  expect(planned.changed.map(({ item }) => item)).toEqual([
    { kind: 'service', key: 'web' },
    { kind: 'secret', key: 's' },
  ]);
  expect(all()).toHaveLength(1);
  const { releases, diff } = await put(stack(text(), 'hunter3'));
  expect(diff).toEqual(planned);
  expect(releases).toEqual([{ service: 'web', number: 2 }]);
  expect(openOf(live('shop_s'))).toBe('hunter3');
  expect(store.view((tx) => tx.get('keptFiles', before?.id ?? ''))).toMatchObject({ superseded: true });
  // And back: it is the one that there was.
  await put(stack(text(), 'hunter2'));
  expect(live('shop_s')).toMatchObject({ id: before?.id });
});

it('keeps what a release may be gone back to, and deletes it with that', async () => {
  await put(stack(text(), 'hunter2'));
  await put(stack(text(), 'hunter3'));
  expect(await store.update(sweepFiles)).toBe(0);
  await store.update((tx) => tx.delete('releases', 'shop/web/1'));
  expect(await store.update(sweepFiles)).toBe(1);
  expect(all().map(openOf)).toEqual(['hunter3']);
  await store.update((tx) => {
    for (const number of [2]) tx.delete('releases', `shop/web/${number}`);
    tx.delete('services', 'shop/web');
  });
  expect(await store.update(sweepFiles)).toBe(0);
  await store.update((tx) => tx.delete('stacks', 'shop'));
  expect(await store.update(sweepFiles)).toBe(1);
});

it('takes an external one by its name, and a new one of that name with the next deployment', async () => {
  const external = text('external: true, name: token');
  await expect(put(stack(external, ''))).rejects.toMatchObject({
    code: 'not_found',
    message: 'external secret token is not there',
  });
  const make = (content: string) =>
    store.update((tx) =>
      createFile(tx, vault, {
        ...{ noun: 'secret', name: 'token', content: Buffer.from(content), labels: {}, by: 'root', at: 1 },
      }),
    );
  const { id } = await make('hunter2');
  await put(stack(external, ''));
  const files = () => store.view((tx) => tx.get('services', 'shop/web')?.service.files);
  expect(files()?.[0]?.file).toEqual({ id, name: 'token' });
  await store.update((tx) => tx.delete('keptFiles', id));
  const other = await make('hunter3');
  expect((await put(stack(external, ''))).releases).toEqual([{ service: 'web', number: 2 }]);
  expect(files()?.[0]?.file).toEqual({ id: other.id, name: 'token' });
});

it('takes nobody else’s name, refuses what is too large and what only says that it is kept', async () => {
  await put(stack(text('file: ./s.txt, name: token'), 'hunter2', 'other'));
  const taken = put(stack(text('file: ./s.txt, name: token'), 'hunter2'));
  await expect(taken).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('of stack other'),
  });
  const large = 'x'.repeat(500 * 1024 + 1);
  await expect(put(stack(text(), large))).rejects.toMatchObject({ code: 'too_large' });
  const [theirs] = all();
  const lying = stack(text('file: ./s.txt, name: token'), 'x');
  const secrets = lying.secrets.map((one) => ({
    ...one,
    content: { kind: 'kept' as const, id: theirs?.id ?? '' },
  }));
  await expect(put({ ...lying, secrets })).rejects.toMatchObject({ code: 'bad_request' });
  expect(all()).toHaveLength(1);
});
