import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { RouterChange } from '../../contract/link.ts';
import { silentLogger } from '../../kit/logger.ts';
import { type HttpRoute, routerStateSchema } from '../../model/router.ts';
import { changedRouter, readRouter, routerStateOf, writeRouter } from './router-record.ts';

const route = (id: string, domain = `${id}.example.com`): HttpRoute => ({
  ...{ kind: 'http-route', id, names: [{ domain, path: '/' }], pools: [], canary: [] },
  rules: { allow: [], deny: [], gzip: false },
});
const change = (more: Partial<RouterChange>): RouterChange => ({
  base: {
    ...{ image: 'haproxy', cookieKey: '0123456789abcdef', drainSeconds: 10 },
    entries: [{ address: '0.0.0.0', port: 80, tls: false, proxyFrom: [], trust: [] }],
  },
  ...{ seq: 1, whole: false, http: [], tcp: [], drop: [], keep: [], ...more },
});
const ids = (found: ReturnType<typeof changedRouter> | undefined) => [...(found?.http.keys() ?? [])];

it('takes changes, and of all routes anew keeps those that the manager does not know yet', () => {
  const first = changedRouter(undefined, change({ whole: true, http: [route('a'), route('b'), route('c')] }));
  const second = changedRouter(first, change({ http: [route('b', 'x.example.com')], drop: ['c'] }));
  expect(ids(second)).toEqual(['a', 'b']);
  expect(second.http.get('a')).toBe(first.http.get('a'));
  const third = changedRouter(second, change({ whole: true, http: [route('d')], keep: ['b', 'z'] }));
  expect(ids(third)).toEqual(['b', 'd']);
  expect(third.http.get('b')?.names[0]?.domain).toBe('x.example.com');
  routerStateSchema.parse(routerStateOf(third));
});

it('is on the disk for the next start, for this host alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-router-'));
  try {
    const wanted = changedRouter(undefined, change({ whole: true, http: [route('a')] }));
    expect(await readRouter(folder, 'h1', silentLogger)).toBeUndefined();
    await writeRouter(folder, 'h1', wanted);
    expect(await readRouter(folder, 'h1', silentLogger)).toEqual(wanted);
    expect(await readRouter(folder, 'h2', silentLogger)).toBeUndefined();
    await writeFile(join(folder, 'router.json'), '{');
    expect(await readRouter(folder, 'h1', silentLogger)).toBeUndefined();
    await writeRouter(folder, 'h1', undefined);
    expect(await readRouter(folder, 'h1', silentLogger)).toBeUndefined();
  } finally {
    await rm(folder, { recursive: true });
  }
});
