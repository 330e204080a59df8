import { once } from 'node:events';
import type http from 'node:http';
import { type Duplex, PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CleanUp,
  httpEngine,
  newCluster,
  newHost,
  startAgent,
  startHttp,
  startManager,
  type TestAgent,
  type TestManager,
  text,
  until,
} from './link.suite.ts';
import type { Engines, HostEngine } from './ports.ts';

const MIB = 1024 * 1024;

let clean: CleanUp;
beforeEach(() => {
  clean = new CleanUp();
});
afterEach(() => clean.run());

/** A manager, one host, and an engine behind it that answers with `listener`. */
async function linked(listener: http.RequestListener): Promise<
  Readonly<{
    engines: Engines;
    hostId: string;
    manager: TestManager;
    agent: TestAgent;
    engineServer: http.Server;
  }>
> {
  const engine = await startHttp(clean, listener);
  return { ...(await linkedTo(httpEngine(engine.port))), engineServer: engine.server };
}

async function linkedTo(
  engine: HostEngine,
): Promise<Readonly<{ engines: Engines; hostId: string; manager: TestManager; agent: TestAgent }>> {
  const cluster = await newCluster();
  const manager = await startManager(cluster, clean);
  const host = await newHost(cluster, 'h1');
  const agent = startAgent(host, manager.port, clean, { engine });
  await until('connected', () => manager.server.connected(host.hostId));
  return { engines: manager.server, hostId: host.hostId, agent, manager };
}

describe('requests', () => {
  it('gives a slow reader all of an answer that has long been sent', async () => {
    const { engines, hostId } = await linked((_, response) => {
      response.end(Buffer.alloc(2 * MIB));
    });
    const { body } = await engines.request(hostId, { method: 'GET', path: '/images/get' });
    let size = 0;
    for await (const part of body) {
      size += (part as Buffer).length;
      await sleep(2);
    }
    expect(size).toBe(2 * MIB);
  });

  it('passes method, path, query, headers and body, and the answer back', async () => {
    const { engines, hostId } = await linked(async (request, response) => {
      const body = await text(request);
      response.writeHead(201, {
        'Content-Type': 'application/json',
        'Docker-Experimental': 'false',
        'berth-error': 'x',
      });
      response.end(
        JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }),
      );
    });
    const answer = await engines.request(hostId, {
      method: 'POST',
      path: '/v1.41/containers/create?name=a%20b',
      headers: {
        'Content-Type': 'application/json',
        'X-Registry-Auth': 'e30=',
        Connection: 'keep-alive, X-Hop',
        'X-Hop': 'no',
        Host: 'docker',
        'berth-upgrade': 'tcp',
      },
      body: '{"Image":"x"}',
    });
    expect(answer.status).toBe(201);
    expect(answer.headers['docker-experimental']).toBe('false');
    expect(answer.headers['berth-error']).toBeUndefined();
    expect(answer.headers.connection).toBeUndefined();
    expect(answer.headers['transfer-encoding']).toBeUndefined();
    const seen = JSON.parse(await text(answer.body));
    expect(seen).toMatchObject({
      method: 'POST',
      url: '/v1.41/containers/create?name=a%20b',
      body: '{"Image":"x"}',
    });
    expect(seen.headers).toMatchObject({ 'x-registry-auth': 'e30=', 'content-length': '13' });
    expect(seen.headers['x-hop']).toBeUndefined();
    expect(seen.headers['berth-upgrade']).toBeUndefined();
  });

  it('leaves the body out where there is none, so that engines see none', async () => {
    const { engines, hostId } = await linked((request, response) => {
      request.resume();
      response.end(JSON.stringify(request.headers));
    });
    for (const extra of [{}, { headers: { 'Content-Length': '0' }, body: Readable.from([]) }]) {
      const answer = await engines.request(hostId, { method: 'POST', path: '/containers/x/start', ...extra });
      expect(JSON.parse(await text(answer.body))['transfer-encoding']).toBeUndefined();
    }
  });

  it('answers HEAD, 204 and 304 without a body, with their headers', async () => {
    const { engines, hostId } = await linked((request, response) => {
      if (request.method === 'HEAD')
        response.setHeader('X-Docker-Container-Path-Stat', 'abc').setHeader('Content-Length', '77');
      else response.statusCode = Number(request.url?.slice(1));
      response.end();
    });
    const head = await engines.request(hostId, { method: 'HEAD', path: '/containers/x/archive' });
    expect(head.headers['x-docker-container-path-stat']).toBe('abc');
    expect(head.headers['content-length']).toBe('77');
    expect(await text(head.body)).toBe('');
    for (const status of [204, 304]) {
      const answer = await engines.request(hostId, { method: 'POST', path: `/${status}` });
      expect(answer.status).toBe(status);
      expect(await text(answer.body)).toBe('');
    }
  });

  it('hands on what the agent could not do, with code and hint', async () => {
    const { engines, hostId, engineServer } = await linked((_request, response) => response.end());
    engineServer.close();
    await once(engineServer, 'close');
    await expect(engines.request(hostId, { method: 'GET', path: '/_ping' })).rejects.toMatchObject({
      name: 'BerthError',
      code: 'internal',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('says which host is unknown, and which is not connected', async () => {
    const cluster = await newCluster();
    const manager = await startManager(cluster, clean);
    const host = await newHost(cluster, 'h9');
    const request = { method: 'GET', path: '/_ping' };
    await expect(manager.server.request('nobody', request)).rejects.toMatchObject({ code: 'not_found' });
    await expect(manager.server.upgrade(host.hostId, request)).rejects.toMatchObject({
      code: 'host_down',
      message: 'host h9 is not connected',
    });
  });

  it('refuses what cannot be a request', async () => {
    const { engines, hostId } = await linked((_request, response) => response.end('ok'));
    for (const bad of [
      { method: 'CONNECT', path: '/x' },
      { method: 'get it', path: '/x' },
      { method: 'GET', path: 'x' },
      { method: 'GET', path: '/x', headers: { 'x-a': 'a\r\nb: c' } },
    ]) {
      await expect(engines.request(hostId, bad)).rejects.toMatchObject({ code: 'bad_request' });
    }
    const answer = await engines.request(hostId, { method: 'GET', path: '/x' });
    expect(await text(answer.body)).toBe('ok');
  });

  it('gives an early answer whole, though the body was not read', async () => {
    const { engines, hostId } = await linkedTo({
      request: async () => ({ status: 400, headers: {}, body: Readable.from(['x'.repeat(300_000)]) }),
      upgrade: () => Promise.reject(new Error('not asked for')),
    });
    for (let round = 0; round < 20; round++) {
      const body = Readable.from(endless());
      const answer = await engines.request(hostId, { method: 'POST', path: '/build', body });
      expect(answer.status).toBe(400);
      expect(await text(answer.body)).toHaveLength(300_000);
      body.destroy();
    }
  });

  it('fails the body where the engine breaks off in the middle', async () => {
    const { engines, hostId } = await linked((_request, response) => {
      response.write('half');
      setTimeout(() => response.destroy(), 30);
    });
    const answer = await engines.request(hostId, { method: 'GET', path: '/logs' });
    await expect(text(answer.body)).rejects.toMatchObject({
      code: 'host_down',
      message: 'host h1 broke off: its engine ended the connection',
    });
  });

  it('fails what is under way where the connection is lost', async () => {
    const { engines, hostId, agent } = await linked((request, response) => {
      if (request.url === '/half') response.write('half');
    });
    const answer = await engines.request(hostId, { method: 'GET', path: '/half' });
    const lost = { code: 'host_down', message: 'the connection to host h1 was lost' };
    const reading = expect(text(answer.body)).rejects.toMatchObject(lost);
    const waiting = expect(engines.request(hostId, { method: 'GET', path: '/wait' })).rejects.toMatchObject(
      lost,
    );
    const uploading = expect(
      engines.request(hostId, { method: 'POST', path: '/load', body: Readable.from(endless()) }),
    ).rejects.toMatchObject(lost);
    await sleep(50);
    await agent.client.stop();
    await Promise.all([reading, waiting, uploading]);
  });

  it('an upload that was cut short never looks whole to the engine', async () => {
    for (const how of ['client vanishes', 'manager stops', 'line is cut off'] as const) {
      let whole = 0;
      let broken = 0;
      const { engines, hostId, manager } = await linked((request) => {
        request.on('end', () => whole++);
        request.on('error', () => broken++);
        request.resume();
      });
      const source = Readable.from(endless());
      const asking = engines
        .request(hostId, { method: 'POST', path: '/images/load', body: source })
        .catch(() => 'lost');
      await sleep(60);
      if (how === 'client vanishes') source.destroy(new Error('gone'));
      else if (how === 'manager stops') await manager.server.close();
      else manager.sessions[0]?.close('cut off');
      expect(await asking).toBe('lost');
      await until(`${how}: the engine knows`, () => broken === 1);
      expect(whole).toBe(0);
      source.destroy();
    }
  });

  it('takes 2,000 requests one after the other on one connection', async () => {
    const { engines, hostId } = await linked((_request, response) => response.end('ok'));
    for (let n = 0; n < 2000; n += 50) {
      const answers = Array.from({ length: 50 }, async () =>
        text((await engines.request(hostId, { method: 'GET', path: '/' })).body),
      );
      expect(new Set(await Promise.all(answers))).toEqual(new Set(['ok']));
    }
  }, 60_000);
});

function* endless(): Generator<Buffer> {
  const chunk = Buffer.alloc(64 * 1024);
  for (;;) yield chunk;
}

function* bytes(total: number): Generator<Buffer> {
  const chunk = Buffer.alloc(64 * 1024, 7);
  for (let sent = 0; sent < total; sent += chunk.length) yield chunk;
}

describe('streams', () => {
  it('sends 200 MB to a slow reader with little memory, while another stream stays quick', async () => {
    let given = 0;
    const { engines, hostId } = await linked((request, response) => {
      if (request.url === '/_ping') {
        response.end('OK');
        return;
      }
      const source = Readable.from(bytes(200 * MIB));
      source.on('data', (chunk: Buffer) => {
        given += chunk.length;
      });
      source.pipe(response);
    });
    const answer = await engines.request(hostId, { method: 'GET', path: '/images/get' });
    let taken = 0;
    let ahead = 0;
    const slow = (async () => {
      for await (const chunk of answer.body) {
        taken += chunk.length;
        ahead = Math.max(ahead, given - taken);
        if (taken % (16 * MIB) < chunk.length) await sleep(40);
      }
    })();
    const pings: number[] = [];
    while (taken < 200 * MIB) {
      const from = performance.now();
      const ping = await engines.request(hostId, { method: 'GET', path: '/_ping' });
      expect(await text(ping.body)).toBe('OK');
      pings.push(performance.now() - from);
      await sleep(10);
    }
    await slow;
    expect(taken).toBe(200 * MIB);
    // Windows, socket buffers and what Node holds at each of the hops: not the 200 MB.
    expect(ahead).toBeLessThan(24 * MIB);
    pings.sort((a, b) => a - b);
    expect(pings.length).toBeGreaterThan(5);
    expect(pings[Math.floor(pings.length / 2)]).toBeLessThan(250);
  }, 60_000);

  it('stops a sender whose reader does not read at all, and only that one', async () => {
    let given = 0;
    const { engines, hostId } = await linked((request, response) => {
      if (request.url === '/other') {
        response.end('x'.repeat(5 * MIB));
        return;
      }
      const source = Readable.from(endless());
      source.on('data', (chunk: Buffer) => {
        given += chunk.length;
      });
      source.pipe(response);
      response.on('close', () => source.destroy());
    });
    const stuck = await Promise.all(
      Array.from({ length: 5 }, () => engines.request(hostId, { method: 'GET', path: '/endless' })),
    );
    // A busy machine may hold them up for a moment.
    let [before, since] = [0, Date.now()];
    await until('the senders stand still', () => {
      if (given !== before) [before, since] = [given, Date.now()];
      return given > 0 && Date.now() - since > 1_000;
    });
    expect(given).toBeLessThan(100 * MIB);
    const other = await engines.request(hostId, { method: 'GET', path: '/other' });
    expect((await text(other.body)).length).toBe(5 * MIB);
    for (const { body } of stuck) body.destroy();
  }, 20_000);

  it('uploads 100 MB with back-pressure and a slow engine', async () => {
    const { engines, hostId } = await linked(async (request, response) => {
      let length = 0;
      for await (const chunk of request) {
        length += chunk.length;
        if (length % (20 * MIB) < chunk.length) await sleep(30);
      }
      response.end(String(length));
    });
    const body = Readable.from(bytes(100 * MIB));
    const answer = await engines.request(hostId, { method: 'POST', path: '/images/load', body });
    expect(await text(answer.body)).toBe(String(100 * MIB));
  }, 60_000);

  it('streams both ways at once, as build does', async () => {
    const { engines, hostId } = await linked((request, response) => {
      response.writeHead(200);
      request.on('data', (chunk: Buffer) => response.write(chunk.toString().toUpperCase()));
      request.on('end', () => response.end('.'));
    });
    const body = new PassThrough();
    const answering = engines.request(hostId, { method: 'POST', path: '/build', body });
    body.write('one ');
    const answer = await answering;
    expect(String((await once(answer.body, 'data'))[0])).toBe('ONE ');
    body.write('two');
    expect(String((await once(answer.body, 'data'))[0])).toBe('TWO');
    body.end();
    expect(await text(answer.body)).toBe('.');
  });

  it('holds 500 streams open at once', async () => {
    const open = new Set<http.ServerResponse>();
    const { engines, hostId } = await linked((request, response) => {
      if (request.url === '/_ping') {
        response.end('OK');
        return;
      }
      open.add(response);
      response.on('close', () => open.delete(response));
      response.write('first\n');
    });
    const answers = await Promise.all(
      Array.from({ length: 500 }, () => engines.request(hostId, { method: 'GET', path: '/logs?follow=1' })),
    );
    await until('500 open', () => open.size === 500);
    const ping = await engines.request(hostId, { method: 'GET', path: '/_ping' });
    expect(await text(ping.body)).toBe('OK');
    for (const response of open) response.end('last\n');
    const all = await Promise.all(answers.map(({ body }) => text(body)));
    expect(all.every((logs) => logs === 'first\nlast\n')).toBe(true);
  }, 30_000);

  it('survives 1,500 clients that vanish, which HTTP/2 alone takes for an attack', async () => {
    let open = 0;
    const { engines, hostId } = await linked((request, response) => {
      if (request.url === '/_ping') {
        response.end('OK');
        return;
      }
      open++;
      response.on('close', () => open--);
      response.write('x');
    });
    for (let n = 0; n < 1500; n += 100) {
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => engines.request(hostId, { method: 'GET', path: '/logs?follow=1' })),
      );
      for (const { body } of answers) body.destroy();
    }
    await until('all let go', () => open === 0, 10_000);
    const ping = await engines.request(hostId, { method: 'GET', path: '/_ping' });
    expect(await text(ping.body)).toBe('OK');
    expect(engines.connected(hostId)).toBe(true);
  }, 60_000);
});

describe('abort', () => {
  it('before the answer: rejects with the reason, and frees the engine', async () => {
    let closed = 0;
    let asked = 0;
    const { engines, hostId } = await linked((_request, response) => {
      asked++;
      response.on('close', () => closed++);
    });
    const controller = new AbortController();
    const asking = engines.request(hostId, {
      method: 'POST',
      path: '/containers/x/wait',
      signal: controller.signal,
    });
    const refused = expect(asking).rejects.toThrow('enough');
    await until('asked', () => asked === 1);
    controller.abort(new Error('enough'));
    await refused;
    await until('freed', () => closed === 1);
    await expect(
      engines.request(hostId, { method: 'GET', path: '/', signal: controller.signal }),
    ).rejects.toThrow('enough');
    expect(asked).toBe(1);
  });

  it('in the middle of the answer: fails the body, and frees the engine', async () => {
    let closed = 0;
    const { engines, hostId } = await linked((_request, response) => {
      response.on('close', () => closed++);
      response.write('x');
    });
    const controller = new AbortController();
    const answer = await engines.request(hostId, {
      method: 'GET',
      path: '/events',
      signal: controller.signal,
    });
    const reading = expect(text(answer.body)).rejects.toThrow('gone');
    controller.abort(new Error('gone'));
    await reading;
    await until('freed', () => closed === 1);
  });

  it('a client that vanishes while it uploads ends the request on the host', async () => {
    let aborted = 0;
    const { engines, hostId } = await linked((request) => {
      request.resume();
      request.on('close', () => {
        if (!request.complete) aborted++;
      });
    });
    const body = new PassThrough();
    body.write('some');
    const asking = engines.request(hostId, { method: 'POST', path: '/build', body });
    const refused = expect(asking).rejects.toThrow('client vanished');
    await sleep(50);
    body.destroy(new Error('client vanished'));
    await refused;
    await until('ended on the host', () => aborted === 1);
  });
});

/** The engine's side of raw connections: `onRaw` gets each, with the request's body that came before. */
async function upgradable(onRaw: (raw: Duplex, body: string) => void) {
  const linkedUp = await linked((_request, response) => {
    response.statusCode = 409;
    response.end('{"message":"container x is not running"}');
  });
  linkedUp.engineServer.on('upgrade', (request: http.IncomingMessage, raw: Duplex, first: Buffer) => {
    const length = Number(request.headers['content-length'] ?? 0);
    raw.on('error', () => undefined);
    raw.write(
      `HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\nX-Asked: ${request.headers.upgrade}\r\n\r\n`,
    );
    if (first.length > length) raw.unshift(first.subarray(length));
    onRaw(raw, first.subarray(0, length).toString());
  });
  return linkedUp;
}

describe('upgrades', () => {
  it('gives a raw connection both ways, after the body of the request', async () => {
    const bodies: string[] = [];
    const { engines, hostId } = await upgradable((raw, body) => {
      bodies.push(body);
      raw.on('data', (chunk: Buffer) => raw.write(chunk.toString().toUpperCase()));
      raw.on('end', () => raw.end());
    });
    const result = await engines.upgrade(hostId, {
      method: 'POST',
      path: '/exec/1/start',
      headers: {
        Upgrade: 'tcp',
        Connection: 'Upgrade',
        'Content-Type': 'application/json',
        'Content-Length': '16',
      },
      body: Readable.from(['{"Detach"', ':false}']),
    });
    if (result.kind !== 'upgraded') throw new Error(`not upgraded: ${result.status}`);
    expect(result.headers['content-type']).toBe('application/vnd.docker.raw-stream');
    expect(result.headers['x-asked']).toBe('tcp');
    expect(bodies).toEqual(['{"Detach":false}']);
    result.stream.write('hello');
    expect(String((await once(result.stream, 'data'))[0])).toBe('HELLO');
    result.stream.end();
    expect(await text(result.stream)).toBe('');
  });

  it('passes the protocol on that was asked for', async () => {
    const { engines, hostId } = await upgradable((raw) => raw.end());
    const result = await engines.upgrade(hostId, {
      method: 'POST',
      path: '/session',
      headers: { upgrade: 'h2c' },
    });
    if (result.kind !== 'upgraded') throw new Error('not upgraded');
    expect(result.headers['x-asked']).toBe('h2c');
    result.stream.destroy();
  });

  it('client half-closes: the engine sees the end of input, and its output still comes', async () => {
    const { engines, hostId } = await upgradable((raw) => {
      let input = '';
      raw.on('data', (chunk: Buffer) => {
        input += chunk;
      });
      raw.on('end', () => setTimeout(() => raw.end(`got ${input.length}`), 50));
    });
    const result = await engines.upgrade(hostId, { method: 'POST', path: '/containers/x/attach?stdin=1' });
    if (result.kind !== 'upgraded') throw new Error('not upgraded');
    result.stream.end('y'.repeat(200_000));
    expect(await text(result.stream)).toBe('got 200000');
  });

  it('engine half-closes: the client sees the end, and can still write', async () => {
    let input = '';
    const { engines, hostId } = await upgradable((raw) => {
      raw.end('bye');
      raw.on('data', (chunk: Buffer) => {
        input += chunk;
      });
    });
    const result = await engines.upgrade(hostId, { method: 'POST', path: '/containers/x/attach' });
    if (result.kind !== 'upgraded') throw new Error('not upgraded');
    result.stream.on('data', () => undefined);
    await once(result.stream, 'end');
    result.stream.end('afterwards');
    await until('input arrived', () => input === 'afterwards');
  });

  it('a client that vanishes destroys the engine side at once', async () => {
    const raws: Duplex[] = [];
    const { engines, hostId } = await linkedTo({
      request: () => Promise.reject(new Error('not asked for')),
      upgrade: async () => {
        const raw = new PassThrough();
        raws.push(raw);
        return { kind: 'upgraded', headers: {}, stream: raw };
      },
    });
    const first = await engines.upgrade(hostId, { method: 'POST', path: '/containers/x/attach' });
    if (first.kind !== 'upgraded') throw new Error('not upgraded');
    first.stream.destroy();
    await until('engine side destroyed', () => raws[0]?.destroyed === true, 2000);
    const controller = new AbortController();
    const { signal } = controller;
    const second = await engines.upgrade(hostId, { method: 'POST', path: '/attach', signal });
    if (second.kind !== 'upgraded') throw new Error('not upgraded');
    expect(raws[1]?.destroyed).toBe(false);
    controller.abort(new Error('no more'));
    await until('engine side destroyed again', () => raws[1]?.destroyed === true, 2000);
  });

  it('an engine that resets the connection fails the client side', async () => {
    const { engines, hostId } = await upgradable((raw) =>
      setTimeout(() => (raw as import('node:net').Socket).resetAndDestroy(), 30),
    );
    const result = await engines.upgrade(hostId, { method: 'POST', path: '/containers/x/attach' });
    if (result.kind !== 'upgraded') throw new Error('not upgraded');
    await expect(text(result.stream)).rejects.toMatchObject({ code: 'host_down' });
  });

  it('hands back the answer of an engine that says no', async () => {
    const { engines, hostId, engineServer } = await linked((_request, response) => {
      response.statusCode = 409;
      response.end('{"message":"container x is not running"}');
    });
    expect(engineServer.listenerCount('upgrade')).toBe(0);
    const result = await engines.upgrade(hostId, {
      method: 'POST',
      path: '/containers/x/attach',
      body: '{}',
    });
    if (result.kind !== 'response') throw new Error('upgraded');
    expect(result.status).toBe(409);
    expect(await text(result.body)).toContain('not running');
  });
});
