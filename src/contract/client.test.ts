import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Client, newClient } from './client.ts';
import { encode } from './client-over.ts';
import type { RouteSpec } from './v1/route.ts';
import { routes } from './v1/routes.ts';

describe('the table of routes', () => {
  const all: [string, RouteSpec][] = Object.entries(routes);

  it.each(all)('%s can be called with one flat object', (_, route) => {
    const parts = [route.params, route.query, route.body].map((part) => Object.keys(part?.shape ?? {}));
    const keys = parts.flat();
    expect(new Set(keys).size).toBe(keys.length);
    const inPath = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1]);
    expect(Object.keys(route.params?.shape ?? {})).toEqual(inPath);
  });

  it.each(all)('%s tells the audit log of what it changes', (name, route) => {
    // What is asked for in a body, or begins with a cookie, and changes nothing.
    const isQuestion = ['plan.make', 'stack.check', 'oidc.begin'].includes(name);
    expect(route.action !== undefined).toBe(route.method !== 'GET' && !isQuestion);
    expect(route.method === 'GET' && route.body !== undefined).toBe(false);
  });

  it('has each method and path once', () => {
    const ends = all.map(([, route]) => `${route.method} ${route.path.replace(/:\w+/g, ':')}`);
    expect(new Set(ends).size).toBe(ends.length);
  });
});

describe('encode', () => {
  it('spreads the input over path, query and body', () => {
    expect(encode(routes['node.delete'], { node: 'a/b ?', force: true })).toEqual({
      path: '/v1/nodes/a%2Fb%20%3F?force=true',
      body: undefined,
    });
    expect(encode(routes['node.label'], { node: 'h', add: { a: 'b' }, remove: undefined })).toEqual({
      path: '/v1/nodes/h',
      body: '{"add":{"a":"b"}}',
    });
  });

  it('refuses what has no place', () => {
    expect(() => encode(routes['node.get'], { node: '' })).toThrow('"node" is missing');
    expect(() => encode(routes['node.list'], { all: true })).toThrow('no field "all"');
  });
});

describe('the client', () => {
  let folder: string;
  let server: Server | undefined;
  let client: Client;
  const path = () => join(folder, 'api.sock');
  const serve = async (listener: RequestListener) => {
    server = createServer(listener);
    await new Promise<void>((resolve) => server?.listen(path(), resolve));
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'berth-client-'));
    client = newClient({ kind: 'unix', path: path() });
  });
  afterEach(async () => {
    await client.close();
    server?.closeAllConnections();
    await new Promise((resolve) => (server === undefined ? resolve(0) : server.close(resolve)));
    server = undefined;
    rmSync(folder, { recursive: true });
  });

  it('says what to do where nobody answers', async () => {
    await expect(client.call('session.version')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(path()),
      hint: expect.stringContaining('berth up'),
    });
  });

  it('throws what the manager said, with code, hint and status', async () => {
    await serve((_, res) => {
      res
        .writeHead(404)
        .end(JSON.stringify({ code: 'engine', message: 'no', hint: 'do', status: 418, more: 1 }));
    });
    await expect(client.call('node.list')).rejects.toMatchObject({
      name: 'BerthError',
      code: 'engine',
      message: 'no',
      hint: 'do',
      status: 418,
    });
  });

  it('takes what is no manager, or a much newer one, for what it is', async () => {
    let answer = { status: 502, text: '<html>bad gateway' };
    await serve((_, res) => void res.writeHead(answer.status).end(answer.text));
    await expect(client.call('node.list')).rejects.toMatchObject({
      code: 'internal',
      hint: expect.stringContaining('Berth manager'),
    });
    answer = { status: 200, text: '{"nodes": 5}' };
    await expect(client.call('node.list')).rejects.toMatchObject({
      code: 'internal',
      hint: expect.stringContaining('versions'),
    });
    answer = { status: 200, text: '{"nodes": [], "later": true}' };
    expect(await client.call('node.list')).toEqual({ nodes: [] });
  });

  it('ends with the signal', async () => {
    await serve(() => undefined);
    const stop = new AbortController();
    const call = client.call('node.list', {}, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
  });

  it('goes on with events where the connection broke', async () => {
    const asked: (string | undefined)[] = [];
    await serve((req, res) => {
      asked.push(req.headers['last-event-id'] as string | undefined);
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      const n = asked.length;
      // One event in pieces, one of an unknown kind, then the line breaks in the middle of the next.
      res.write(`: hello\n\nid: e-${n}0\n\nid: e-${n}1\nda`);
      setTimeout(() => {
        res.write('ta: {"kind":\ndata: "reset"}\n\nid: e-9\ndata: {"kind":"later"}\n\nid: e-10\ndata: {"ki');
        // What was written goes out first.
        setTimeout(() => res.destroy(), 20);
      }, 20);
    });
    const seen: string[] = [];
    const clock = { now: () => 0, sleep: () => Promise.resolve() };
    const signal = AbortSignal.timeout(5000);
    for await (const { id, event } of client.events({ clock, signal })) {
      seen.push(`${id} ${event.kind}`);
      if (seen.length === 2) break;
    }
    expect(seen).toEqual(['e-11 reset', 'e-21 reset']);
    expect(asked).toEqual([undefined, 'e-9']);
  });

  it('only speaks to https and to sockets', () => {
    for (const url of ['http://10.0.0.1:8443', 'manager:8443', ''])
      expect(() => newClient({ kind: 'https', url, ca: '' })).toThrow('is not the address of a manager');
  });
});
