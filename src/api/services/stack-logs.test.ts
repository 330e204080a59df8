import { PassThrough } from 'node:stream';
import { beforeEach, expect, it } from 'vitest';
import { BerthError } from '../../kit/errors.ts';
import type { DockerDeps } from '../docker/deps.ts';
import { FakeCluster } from '../docker/testing/fake-cluster.ts';
import { StackLogs } from './stack-logs.ts';

/** Requests for logs, and what is written to each by the test. */
type Asked = Readonly<{ container: string; query: URLSearchParams; body: PassThrough }>;
let asked: Asked[];
let cluster: FakeCluster;
let logs: StackLogs;
/** Container to what it has written, each with its time. */
let written: Record<string, readonly string[]>;

beforeEach(async () => {
  asked = [];
  written = {};
  cluster = await FakeCluster.start('a', 'b');
  const deps: DockerDeps = {
    ...cluster.deps,
    engines: {
      connected: (hostId) => hostId !== 'h-b',
      upgrade: () => Promise.reject(new Error('not asked')),
      request: async (_, { path, signal }) => {
        const [, container = '', text] = /containers\/([^/]+)\/logs\?(.*)$/.exec(path) ?? [];
        const query = new URLSearchParams(text);
        const body = new PassThrough();
        signal?.addEventListener('abort', () => body.destroy(new Error('gone')));
        asked.push({ container, query, body });
        if (query.get('follow') !== '1') {
          for (const line of written[container] ?? []) body.write(frame(line));
          body.end();
        }
        return { status: 200, headers: {}, body };
      },
    },
  };
  logs = new StackLogs(deps);
  return () => cluster.close();
});

const at = (second: number) => `2026-01-01T00:00:0${second}.000000000Z`;
function frame(line: string, stream = 1): Buffer {
  const text = Buffer.from(line);
  const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(text.length, 4);
  return Buffer.concat([head, text]);
}

function put(name: string, index: number, hostId = 'h-a', startedAt = 1): Promise<void> {
  const id = `${name}-${index}`;
  const spec = { Image: 'x' };
  return cluster.store.update((tx) => {
    tx.put('services', {
      ...{ kind: 'service-record', stack: 'shop', name, scale: null, generation: 1, release: 1 },
      service: { name } as never,
    });
    tx.put('containers', {
      ...{
        kind: 'container',
        id,
        name: `shop_${name}_${index}`,
        createdAt: 1,
        createdBy: '',
        apiVersion: '1.41',
      },
      desired: { generation: 1, state: 'running', spec, starts: 1 },
      assigned: { hostId, at: 1 },
      service: { stack: 'shop', name, index, release: 1 },
    });
    const state = {
      status: 'running',
      exitCode: 0,
      oomKilled: false,
      error: '',
      startedAt,
      finishedAt: 0,
    } as const;
    tx.put('observedContainers', {
      ...{ kind: 'observed-container', hostId, engineId: `e-${id}`, clusterId: id, generation: 1 },
      ...{ name: `shop_${name}_${index}`, created: 1, image: 'x', imageId: 'x', command: '', labels: {} },
      ...{ ports: [], networkMode: '', networkSettings: {}, mounts: [] },
      state: { ...state, health: 'none' },
      reservation: { cpuMilli: 0, memory: 0, ports: [] },
    });
  });
}

const short = (item: Awaited<ReturnType<ReturnType<StackLogs['read']>['next']>>['value']) =>
  item.kind === 'note' ? item.text : `${item.container} ${item.stream} ${item.text}`;
async function all(query: Parameters<StackLogs['read']>[0]): Promise<string[]> {
  const found: string[] = [];
  for await (const item of logs.read(query, new AbortController().signal)) found.push(short(item));
  return found;
}

it('has the lines of all containers in the order of time, and says of whom there are none', async () => {
  await put('web', 1);
  await put('web', 2);
  await put('db', 1);
  await put('db', 2, 'h-b');
  written = {
    'e-web-1': [`${at(1)} one\n`, `${at(5)} five\n`],
    'e-web-2': [`${at(3)} three\n`],
    'e-db-1': [`${at(2)} two \t\n`, `${at(4)} four\n`],
  };
  expect(await all({ stack: 'shop', tail: 9, since: '12.5' })).toEqual([
    'container shop_db_2: its host b is not connected',
    'shop_web_1 stdout one',
    'shop_db_1 stdout two \t',
    'shop_web_2 stdout three',
    'shop_db_1 stdout four',
    'shop_web_1 stdout five',
  ]);
  expect(asked.map(({ query }) => [query.get('tail'), query.get('since'), query.get('follow')])).toEqual(
    Array.from({ length: 3 }, () => ['9', '12.5', null]),
  );
  expect(await all({ stack: 'shop', service: 'db' })).toHaveLength(3);
});

it('puts a long line together from its messages, and keeps a last one that has no end', async () => {
  await put('web', 1);
  written = { 'e-web-1': [`${at(1)} long `, `${at(2)} er\n`, `${at(3)} open`] };
  expect(await all({ stack: 'shop' })).toEqual(['shop_web_1 stdout long er', 'shop_web_1 stdout open']);
});

it('goes on with what comes, each line once: of containers that are made or started again, too', async () => {
  await put('web', 1);
  written = { 'e-web-1': [`${at(1)} past\n`] };
  const reader = new AbortController();
  const items = logs.read({ stack: 'shop', follow: true }, reader.signal);
  const next = async () => short((await items.next()).value);
  expect(await next()).toBe('shop_web_1 stdout past');
  const followed = () => asked.filter(({ query }) => query.get('follow') === '1');
  const line = items.next();
  await expect.poll(() => followed().length).toBe(1);
  expect(followed()[0]?.query.get('since')).toBe('1767225601.000000000');
  followed()[0]?.body.write(Buffer.concat([frame(`${at(1)} past\n`), frame(`${at(2)} now\n`, 2)]));
  expect(short((await line).value)).toBe('shop_web_1 stderr now');
  await put('web', 2);
  await expect.poll(() => followed().length).toBe(2);
  expect(followed()[1]?.query.has('since')).toBe(false);
  followed()[1]?.body.write(frame(`${at(3)} new\n`));
  expect(await next()).toBe('shop_web_2 stdout new');
  followed()[0]?.body.end();
  await put('web', 1, 'h-a', 2);
  await expect.poll(() => followed().length).toBe(3);
  followed()[2]?.body.write(Buffer.concat([frame(`${at(2)} now\n`), frame(`${at(4)} again\n`)]));
  expect(await next()).toBe('shop_web_1 stdout again');
  reader.abort();
  expect((await items.next()).done).toBe(true);
  expect(followed()[1]?.body.destroyed).toBe(true);
});

it('begins with nothing where no old lines are wanted', async () => {
  await put('web', 1);
  const reader = new AbortController();
  const items = logs.read({ stack: 'shop', follow: true, tail: 0 }, reader.signal);
  const line = items.next();
  await expect.poll(() => asked.length).toBe(2);
  expect(asked[1]?.query.get('tail')).toBe('0');
  asked[1]?.body.write(frame(`${at(1)} first\n`));
  expect(short((await line).value)).toBe('shop_web_1 stdout first');
  reader.abort();
});

it('reads those that are named, of any kind, and takes up again what was lost with its host', async () => {
  await put('web', 1);
  await put('db', 1, 'h-b');
  await cluster.store.update((tx) => {
    const seen = tx.get('observedContainers', 'h-a/e-web-1');
    if (seen === undefined) throw new Error('it is not there');
    const { clusterId: _, ...stray } = seen;
    tx.put('observedContainers', { ...stray, engineId: 'e-stray', name: 'stray' });
  });
  const raw = new Map([
    ...['web-1', 'db-1', 'gone'].map((id) => [id, false] as const),
    ['e-stray', true] as const,
  ]);
  written = { 'e-web-1': [`${at(2)} two\n`], 'e-stray': [] };
  const reader = new AbortController();
  const items = logs.readThese(raw, { follow: true }, reader.signal);
  const next = async () => short((await items.next()).value);
  expect(await next()).toBe('container shop_db_1: its host b is not connected');
  expect(await next()).toBe('shop_web_1 stdout two');
  const followed = () => asked.filter(({ query }) => query.get('follow') === '1');
  const line = next();
  await expect.poll(() => followed().map(({ container }) => container)).toEqual(['e-web-1', 'e-stray']);
  followed()[1]?.body.write(`${at(3)} with a terminal\r\n`);
  expect(await line).toBe('stray stdout with a terminal');
  const note = next();
  followed()[0]?.body.destroy(new BerthError('host_down', 'the connection to host a was lost'));
  expect(await note).toBe('container shop_web_1: the connection to host a was lost');
  const after = next();
  await expect.poll(() => followed().length, { timeout: 10_000 }).toBe(3);
  followed()[2]?.body.write(frame(`${at(4)} back\n`));
  expect(await after).toBe('shop_web_1 stdout back');
  reader.abort();
});
