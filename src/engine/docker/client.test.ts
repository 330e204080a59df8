import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { openEvents } from '../events.ts';
import { newDockerEngine } from './client.ts';
import { dialerFor } from './dial.ts';

/** A server whose bytes the test writes itself. */
const servers: Server[] = [];
const sockets = new Set<Socket>();

async function serve(onSocket: (socket: Socket) => void) {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    onSocket(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return newDockerEngine(dialerFor(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`));
}

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

const reply = (body: string, head = 'HTTP/1.1 200 OK') =>
  `${head}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

it('keeps a connection for the next request', async () => {
  let connections = 0;
  const engine = await serve((socket) => {
    connections++;
    socket.on('data', () => socket.write(reply('{"a":1}')));
  });
  for (let i = 0; i < 5; i++) expect(await engine.json('GET', '/x')).toEqual({ a: 1 });
  expect(connections).toBe(1);
  engine.close();
});

it('drops a kept connection that the engine closed', async () => {
  let connections = 0;
  const engine = await serve((socket) => {
    connections++;
    socket.once('data', () => {
      socket.write(reply('{"a":1}'));
      setTimeout(() => socket.end(), 10);
    });
  });
  await engine.json('GET', '/x');
  await sleep(60);
  expect(await engine.json('POST', '/x', {})).toEqual({ a: 1 });
  expect(connections).toBe(2);
  engine.close();
});

it('asks again where a kept connection breaks at the moment of its use', async () => {
  let requests = 0;
  const engine = await serve((socket) => {
    let mine = 0;
    socket.on('data', () => {
      requests++;
      if (++mine === 2) socket.resetAndDestroy();
      else socket.write(reply('{"a":1}'));
    });
  });
  await engine.json('GET', '/x');
  expect(await engine.json('GET', '/x')).toEqual({ a: 1 });
  expect(requests).toBe(3);
  await expect(engine.json('POST', '/x', {})).rejects.toMatchObject({ code: 'host_down' });
  engine.close();
});

it('has no limit on streams at once', async () => {
  const engine = await serve((socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'));
  });
  const streams = await Promise.all(
    Array.from({ length: 200 }, () => engine.request({ method: 'GET', path: '/events' })),
  );
  expect(streams).toHaveLength(200);
  expect(sockets.size).toBe(200);
  for (const { body } of streams) body.destroy();
  engine.close();
});

it.each(['before the answer', 'in the body'])('frees the socket when aborted %s', async (when) => {
  const engine = await serve((socket) => {
    socket.on('end', () => socket.end());
    if (when === 'in the body')
      socket.on('data', () =>
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n'),
      );
    else socket.resume();
  });
  const stop = new AbortController();
  const asked = engine.request({ method: 'GET', path: '/x', signal: stop.signal });
  if (when === 'in the body') {
    const { body } = await asked;
    body.on('error', () => {});
    const closed = new Promise((resolve) => body.once('close', resolve));
    stop.abort();
    await closed;
  } else {
    setTimeout(() => stop.abort(), 20);
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
  }
  await expect.poll(() => sockets.size).toBe(0);
  engine.close();
});

it('keeps bytes that come with the head of an upgrade', async () => {
  const engine = await serve((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst ');
      let got = '';
      socket.on('data', (chunk) => {
        got += chunk;
      });
      // Answers only once the other side has said that it is done.
      socket.on('end', () => socket.end(`second:${got}`));
    });
  });
  const answer = await engine.upgrade({
    method: 'POST',
    path: '/attach',
    headers: { 'content-length': '0' },
  });
  if (answer.kind !== 'upgraded') throw new Error('not upgraded');
  answer.stream.end('input');
  let output = '';
  for await (const chunk of answer.stream) output += String(chunk);
  expect(output).toBe('first second:input');
  engine.close();
});

it('closes the raw connection when aborted', async () => {
  const engine = await serve((socket) => {
    socket.once('data', () =>
      socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'),
    );
  });
  const stop = new AbortController();
  const answer = await engine.upgrade({ method: 'POST', path: '/attach', signal: stop.signal });
  if (answer.kind !== 'upgraded') throw new Error('not upgraded');
  stop.abort();
  expect(answer.stream.destroyed).toBe(true);
  engine.close();
});

it('answers garbage, silence and refusals with typed errors', async () => {
  const garbage = await serve((socket) => socket.on('data', () => socket.end('not HTTP at all\r\n\r\n')));
  await expect(garbage.json('GET', '/info')).rejects.toMatchObject({ code: 'engine', status: 502 });
  const noJson = await serve((socket) => socket.on('data', () => socket.write(reply('<html>'))));
  await expect(noJson.json('GET', '/info')).rejects.toMatchObject({
    code: 'engine',
    message: expect.stringContaining('<html>'),
  });
  const cut = await serve((socket) =>
    socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a"')),
  );
  await expect(cut.json('GET', '/info')).rejects.toMatchObject({ code: 'host_down' });
  const plain = await serve((socket) =>
    socket.on('data', () => socket.write(reply('no', 'HTTP/1.1 400 Bad'))),
  );
  await expect(plain.json('GET', '/info')).rejects.toMatchObject({
    code: 'engine',
    status: 400,
    message: 'no',
  });
  const page = await serve((socket) =>
    socket.on('data', () => socket.write(reply('<html>', 'HTTP/1.1 500 Oops'))),
  );
  await expect(page.json('POST', '/containers/create')).rejects.toMatchObject({
    code: 'engine',
    status: 502,
    message: 'the Docker Engine answered 500 in words that are not its own: "<html>"',
  });
  page.close();
  const nobody = newDockerEngine(dialerFor('unix:///nonexistent/docker.sock'));
  await expect(nobody.json('GET', '/info')).rejects.toMatchObject({ code: 'host_down' });
  await expect(nobody.upgrade({ method: 'POST', path: '/x' })).rejects.toMatchObject({ code: 'host_down' });
  for (const engine of [garbage, noJson, cut, plain]) engine.close();
});

it('reads no answer without end', async () => {
  let ended = false;
  const engine = await serve((socket) => {
    const chunk = Buffer.alloc(1024 * 1024, '[');
    let left = 200;
    const more = () => {
      while (left-- > 0 && socket.write(chunk));
    };
    socket.on('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n');
      more();
    });
    socket.on('drain', more).on('close', () => {
      ended = true;
    });
  });
  await expect(engine.json('GET', '/info')).rejects.toMatchObject({
    ...{ code: 'engine', status: 502 },
    message: expect.stringContaining('longer than'),
  });
  await expect.poll(() => ended).toBe(true);
  engine.close();
});

it('refuses event lines that are not JSON, or without end', async () => {
  const streams: Record<string, string> = { '/events?since=1': 'oops\n', '/events': '{"a":1}\n{"b"' };
  const engine = await serve((socket) => {
    socket.on('data', (chunk) => {
      const path = /GET (\S+) /.exec(String(chunk))?.[1] ?? '';
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.write(streams[path] ?? '');
      if (path === '/events') socket.write('x'.repeat(2 * 1024 * 1024));
    });
  });
  const read = async (since?: string) => {
    const values: unknown[] = [];
    for await (const { value } of await openEvents(engine, { since })) values.push(value);
    return values;
  };
  await expect(read('1')).rejects.toMatchObject({ code: 'engine', status: 502 });
  await expect(read()).rejects.toMatchObject({ message: expect.stringContaining('line of over') });
  engine.close();
});

it('does not send headers that belong to one connection', async () => {
  let head = '';
  const engine = await serve((socket) => {
    socket.on('data', (chunk) => {
      head += chunk;
      if (head.endsWith('0\r\n\r\n')) socket.write(reply('{}'));
    });
  });
  const body = new PassThrough();
  body.end('abc');
  const answer = await engine.request({
    method: 'POST',
    path: '/build',
    headers: { ':path': '/x', 'transfer-encoding': 'identity', te: 'trailers', 'x-registry-auth': 'kept' },
    body,
  });
  answer.body.resume();
  expect(head).toContain('x-registry-auth: kept');
  expect(head.toLowerCase()).not.toMatch(/^te:|identity/m);
  engine.close();
});

it('names each method of a BuildKit session in a line of its own', async () => {
  let head = '';
  const engine = await serve((socket) => {
    socket.on('data', (chunk) => {
      head += chunk;
      socket.write(reply('{}'));
    });
  });
  const headers = { 'x-docker-expose-session-grpc-method': '/a/b, /c/d' };
  const answer = await engine.request({ method: 'POST', path: '/session', headers });
  answer.body.resume();
  expect(head.match(/^x-docker-expose-session-grpc-method: \S+$/gim)).toHaveLength(2);
  engine.close();
});

it.each(['http://x', 'unix://relative', 'tcp://host', 'tcp://host:70000', ''])(
  'refuses the address "%s"',
  (address) => {
    expect(() => dialerFor(address)).toThrow(/is not the address of a Docker Engine/);
  },
);
