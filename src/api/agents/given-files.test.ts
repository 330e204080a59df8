import { expect, it } from 'vitest';
import { FILES_VERSION } from '../../contract/link.ts';
import { newTestVault } from '../../kit/vault.fixture.ts';
import type { Container } from '../../model/container.ts';
import type { ContainerFile } from '../../model/kept-file.ts';
import { newMemoryStore } from '../../store/index.ts';
import { createFile } from '../files/keep-file.ts';
import { assignmentOf } from './assignment-of.ts';
import { canHold, givenFiles } from './given-files.ts';

const vault = newTestVault();

function container(id: string, hostId: string, files: readonly ContainerFile[]): Container {
  return {
    ...{ kind: 'container', id, name: id, createdAt: 0, createdBy: 'root', apiVersion: '1.41' },
    desired: { generation: 1, state: 'running', starts: 1, spec: { Image: 'x' } },
    assigned: { hostId, at: 0 },
    ...(files.length === 0 ? {} : { files: [...files] }),
  };
}

it('gives a host what its own containers need, and nothing else', async () => {
  const store = newMemoryStore();
  const make = (name: string) =>
    store.update((tx) =>
      createFile(tx, vault, {
        ...{
          noun: 'secret',
          name,
          content: Buffer.from(`content of ${name}`),
          labels: {},
          by: 'root',
          at: 1,
        },
      }),
    );
  const [own, others] = [await make('own'), await make('others')];
  const place = { target: '/x', uid: '0', gid: '0', mode: 0o444 };
  const mounted = (file: { id: string; name: string }, more = {}) => ({
    ...{ noun: 'secret' as const, id: file.id, name: file.name, ...place, ...more },
  });
  const records = [
    container('a', 'h1', [mounted(own), mounted({ id: 'gone', name: 'gone' })]),
    container('b', 'h2', [mounted(others)]),
  ];
  await store.update((tx) => {
    for (const one of records) tx.put('containers', one);
  });
  const given = (hostId: string) =>
    store
      .view((tx) => givenFiles(tx, vault, hostId, [own.id, others.id, 'gone', '../x']))
      .map(({ content }) => content && Buffer.from(content, 'base64').toString());
  expect(given('h1')).toEqual(['content of own', undefined, undefined, undefined]);
  expect(given('h2')).toEqual([undefined, 'content of others', undefined, undefined]);
  expect(given('h3')).toEqual([undefined, undefined, undefined, undefined]);
  const [a] = records;
  const assignment = store.view((tx) => assignmentOf(tx, a as Container));
  expect(JSON.stringify(assignment)).not.toContain('content of');
  expect(canHold(assignment, FILES_VERSION - 1)).toBe(false);
  expect(canHold(assignment, FILES_VERSION)).toBe(true);
  const bare = store.view((tx) => assignmentOf(tx, container('c', 'h1', [])));
  expect(canHold(bare, FILES_VERSION - 1)).toBe(true);
  await store.close();
});
