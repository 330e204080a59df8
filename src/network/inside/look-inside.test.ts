import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { insideLooker } from './inside-looker.ts';
import { lookAndTell, lookInside, told } from './look-inside.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listen(): Promise<number> {
  const server = createServer((socket) => socket.destroy());
  closers.push(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Answers each question with `code`, and with no records: 0 none of that kind, 3 no such name. */
async function nameServer(code: number | undefined): Promise<string> {
  const socket = createSocket('udp4');
  closers.push(() => socket.close());
  socket.on('message', (query, { port, address }) => {
    if (code === undefined) return;
    const answer = Buffer.from(query);
    answer[2] = 0x81;
    answer[3] = 0x80 | code;
    // Without the additional record that a question may have (EDNS).
    answer.writeUInt16BE(0, 10);
    const end = answer.indexOf(0, 12) + 5;
    socket.send(answer.subarray(0, end), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return `127.0.0.1:${socket.address().port}`;
}

describe('a look around', () => {
  it('tells an open port from a closed one, and where this machine listens', async () => {
    const port = await listen();
    const dial = { address: '127.0.0.1', ports: [port, 1] };
    const { dialed, listening } = await lookInside({ servers: [], dial, ms: 5_000 });
    expect(dialed.map(({ state }) => state)).toEqual(['open', 'refused']);
    expect(listening).toContainEqual({ address: '127.0.0.1', port });
  });

  it('tells each place once, and no more than an answer can hold', () => {
    const one = { address: '0.0.0.0', port: 1 };
    expect(told([one, { ...one }])).toEqual({ listening: [one] });
    const many = Array.from({ length: 300_000 }, (_, i) => ({
      address: `127.0.${i >> 16}.1`,
      port: i & 0xffff,
    }));
    const answer = told(many);
    expect([answer.listening.length, answer.isCut]).toEqual([5_000, true]);
  });

  it('tells that there is no such name from a name server that is silent', async () => {
    const none = await lookInside({ servers: [await nameServer(3)], name: 'web', ms: 4_000 });
    expect(none.name).toMatchObject({ state: 'none', addresses: [] });
    const silent = await lookInside({ servers: [await nameServer(undefined)], name: 'web', ms: 600 });
    expect(silent.name).toMatchObject({ state: 'silent' });
    const nobody = await lookInside({ servers: [], name: 'web', ms: 600 });
    expect(nobody.name).toMatchObject({ state: 'failed', reason: 'it has no name server' });
    const wrong = await lookInside({ servers: ['<b>'], name: 'web', ms: 600 });
    expect(wrong.name?.state).toBe('failed');
  });

  it('is a job in, and findings out', async () => {
    const said: string[] = [];
    const job = JSON.stringify({ servers: [], ms: 1_000 });
    await lookAndTell(
      (async function* () {
        yield job.slice(0, 5);
        yield job.slice(5);
      })(),
      { write: (text) => said.push(text) },
    );
    expect(JSON.parse(said.join(''))).toMatchObject({ dialed: [], listening: expect.any(Array) });
  });
});

it('is had by a child in that namespace, and what is no answer is refused', async () => {
  const ran: { argv: readonly string[]; input: string | undefined }[] = [];
  const look = insideLooker(['/usr/bin/berth'], async (argv, options) => {
    ran.push({ argv, input: options?.input });
    return '{"dialed":[],"listening":[]}';
  });
  const job = { servers: ['127.0.0.11'], name: 'web', ms: 3_000 };
  expect(await look('/run/docker/netns/x', job)).toEqual({ dialed: [], listening: [] });
  expect(ran[0]?.argv).toEqual([
    'nsenter',
    '--net=/run/docker/netns/x',
    '--',
    '/usr/bin/berth',
    '__look-inside',
  ]);
  expect(JSON.parse(ran[0]?.input ?? '')).toEqual(job);
  const broken = insideLooker(['x'], async () => 'Segmentation fault');
  await expect(broken('/x', job)).rejects.toMatchObject({ code: 'internal' });
});
