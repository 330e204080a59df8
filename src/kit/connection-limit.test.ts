import { once } from 'node:events';
import { createServer, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { ConnectionLimit } from './connection-limit.ts';

let server: Server;
const sockets: Socket[] = [];
const answers: ServerResponse[] = [];
let full = 0;

async function serve(max: number, from: 'head' | 'whole', letIn = false): Promise<void> {
  full = 0;
  const limit = new ConnectionLimit(max, () => full++);
  server = createServer((req, res) => {
    if (letIn) limit.admit(req, res);
    req.resume();
    answers.push(res);
  });
  limit.watchHttp(server, from);
  await once(server.listen(0, '127.0.0.1'), 'listening');
}
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  answers.splice(0);
  server.closeAllConnections();
  server.close();
});

const port = () => (server.address() as AddressInfo).port;
async function open(say = ''): Promise<Socket> {
  const socket = connect(port(), '127.0.0.1');
  socket.on('error', () => undefined).resume();
  sockets.push(socket);
  const accepted = once(server, 'connection');
  await once(socket, 'connect');
  await accepted;
  if (say !== '') socket.write(say);
  return socket;
}
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const closed = (socket: Socket) => once(socket, 'close');
const working = (count: number) => expect.poll(() => answers.length).toBe(count);

it('closes the one that has been without work for longest', async () => {
  await serve(2, 'head');
  const first = await open();
  const second = await open(GET);
  await working(1);
  const third = await open();
  await closed(first);
  // Its work is done: it is the youngest of those without.
  answers[0]?.end();
  await once(second, 'data');
  await open();
  await closed(third);
  expect(second.closed).toBe(false);
  expect(full).toBe(0);
});

it('turns the newest away where all are at work, and says so once', async () => {
  await serve(1, 'head');
  const first = await open(GET);
  await working(1);
  await closed(await open());
  await closed(await open());
  expect([first.closed, full]).toEqual([false, 1]);
});

it('takes a body that comes slowly for work only where clients have been let in', async () => {
  const half = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab';
  await serve(1, 'whole');
  const slow = await open(half);
  await working(1);
  const next = await open(half);
  await closed(slow);
  next.write('cde');
  await working(2);
  await closed(await open());
  expect([next.closed, full]).toEqual([false, 1]);
});

it('takes it for work, too, where its sender was let in after all, and only until it is answered', async () => {
  await serve(1, 'whole', true);
  const slow = await open('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab');
  await working(1);
  await closed(await open());
  expect([slow.closed, full]).toEqual([false, 1]);
  slow.write('cde');
  const answered = once(slow, 'data');
  answers[0]?.end();
  await answered;
  const next = await open();
  await closed(slow);
  expect(next.closed).toBe(false);
});

it('does not take a request that was refused early for work', async () => {
  await serve(1, 'whole');
  const asked = request({ port: port(), host: '127.0.0.1', method: 'POST', agent: false });
  asked.on('error', () => undefined);
  asked.write('a');
  await working(1);
  answers[0]?.end();
  await once(asked, 'response');
  asked.end('b');
  const idle = await open();
  await open();
  await closed(idle);
});
