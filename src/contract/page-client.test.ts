import { expect, it } from 'vitest';
import { newPageClient } from './page-client.ts';

type Fetch = Parameters<typeof newPageClient>[0];
type Asked = { path: string; init: Parameters<Fetch>[1] };

function answering(status: number, text: string): { fetch: Fetch; asked: Asked[]; left: () => boolean } {
  const asked: Asked[] = [];
  let left = false;
  const fetch: Fetch = async (path, init) => {
    asked.push({ path, init });
    const parts = [...text].map((one) => new TextEncoder().encode(one));
    return {
      status,
      body: {
        getReader: () => ({
          read: async () => {
            const value = parts.shift();
            return { done: value === undefined, value };
          },
          cancel: async () => {
            left = true;
          },
        }),
      },
    };
  };
  return { fetch, asked, left: () => left };
}

it('asks with the header without which the cookie does not count, of this origin alone', async () => {
  const { fetch, asked } = answering(200, '{"version":"1","api":"v1"}');
  expect(await newPageClient(fetch).call('session.version')).toEqual({ version: '1', api: 'v1' });
  expect(asked).toMatchObject([
    {
      path: '/v1/version',
      init: { headers: { 'berth-page': '1' }, credentials: 'same-origin', redirect: 'error', body: null },
    },
  ]);
});

it('throws what the manager said', async () => {
  const { fetch } = answering(409, '{"code":"conflict","message":"it is there","hint":"name another"}');
  await expect(newPageClient(fetch).call('node.cordon', { node: 'h1' })).rejects.toMatchObject({
    ...{ code: 'conflict', message: 'it is there', hint: 'name another' },
  });
});

it('says that nobody answers', async () => {
  const client = newPageClient(() => Promise.reject(new TypeError('Failed to fetch')));
  await expect(client.call('session.version')).rejects.toMatchObject({
    code: 'unavailable',
    message: 'the manager does not answer: Failed to fetch',
    retryable: true,
  });
});

it('lets the connection go where somebody stops reading in the middle', async () => {
  const line = '{"kind":"note","text":"héllo"}\n';
  const { fetch, left } = answering(200, line.repeat(3));
  for await (const item of newPageClient(fetch).lines('container.logs', { container: 'web' })) {
    expect(item).toEqual({ kind: 'note', text: 'héllo' });
    break;
  }
  expect(left()).toBe(true);
});

it("takes a newer manager's state of a host as it is", async () => {
  const host = {
    ...{ id: 'a', name: 'h1', labels: {}, cordoned: false, state: 'hibernating', reason: '', address: '' },
    ...{ dataAddress: '', agentVersion: '', joinedAt: 1, lastHeardAt: 1, ofTomorrow: 1 },
    containers: { managed: 0, unmanaged: 0, running: 0 },
    reserved: { cpuMilli: 0, memory: 0 },
  };
  const { fetch } = answering(200, JSON.stringify({ nodes: [host] }));
  const { nodes } = await newPageClient(fetch).call('node.list');
  expect(nodes).toMatchObject([{ name: 'h1', state: 'hibernating' }]);
});

it('passes over settings of a newer manager that it does not have', async () => {
  const { fetch } = answering(200, '{"settings":{"drainMs":5,"ofTomorrow":1},"version":"v"}');
  const { settings } = await newPageClient(fetch).call('settings.get');
  expect(settings).toMatchObject({ drainMs: 5 });
  expect(settings).not.toHaveProperty('ofTomorrow');
});
