import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ApiFixture, containerRecord, hostRecord, startApi } from './api.fixture.ts';

let api: ApiFixture;
beforeEach(async () => {
  api = await startApi();
  await api.store.update((tx) => {
    tx.put('hosts', hostRecord('id-1', 'h1'));
    tx.put('containers', containerRecord('c1', 'web', 'id-1'));
  });
});
afterEach(() => api.close());

/** As a browser saves it: without a header of ours. */
function save(ticket: string) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>(
    (resolve, reject) => {
      request(`${api.url}/v1/download?ticket=${ticket}`, { ca: api.caPem }, async (res) =>
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body: await text(res) }),
      )
        .on('error', reject)
        .end();
    },
  );
}

it('are listed and downloaded by who may exec, and by nobody else', async () => {
  const operator = api.client(api.tokens.operator);
  const viewer = api.client(api.tokens.viewer);
  const input = { container: 'c1', path: '/etc' };
  expect(await operator.call('container.files', input)).toEqual({ path: '/etc', entries: [], isCut: false });
  await expect(viewer.call('container.files', input)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(viewer.call('container.download', input)).rejects.toMatchObject({ code: 'forbidden' });
  for (const path of ['etc', '', `/${'a'.repeat(5000)}`])
    await expect(operator.call('container.files', { container: 'c1', path })).rejects.toMatchObject({
      code: 'bad_request',
    });
});

it('are saved by a ticket that is good once and not for long, and every download is written down', async () => {
  const operator = api.client(api.tokens.operator);
  const input = { container: 'c1', path: '/x' };
  const { ticket, name, size } = await operator.call('container.download', input);
  expect([name, size]).toEqual(['名 "x".txt', 5]);
  const saved = await save(ticket);
  expect(saved).toMatchObject({ status: 200, body: 'hello' });
  expect(saved.headers).toMatchObject({
    ...{
      'content-type': 'application/octet-stream',
      'content-length': '5',
      'x-content-type-options': 'nosniff',
    },
    'content-disposition': `attachment; filename="___x_.txt"; filename*=UTF-8''%E5%90%8D%20%22x%22.txt`,
  });
  expect((await save(ticket)).status).toBe(403);
  const late = await operator.call('container.download', input);
  api.clock.time += 31_000;
  expect((await save(late.ticket)).status).toBe(403);
  expect((await save('made-up')).status).toBe(403);
  const { entries } = await api.root.call('audit.list', { action: 'container.download' });
  expect(entries.map(({ user, target, outcome }) => [user, target, outcome])).toEqual([
    ['the-operator', 'web: /x', 'ok'],
    ['the-operator', 'web: /x', 'ok'],
  ]);
});
