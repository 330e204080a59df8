import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { TERMINAL_PROTOCOL, TICKET_PREFIX } from '../../contract/v1/terminals.ts';
import { type ApiFixture, addUsers, containerRecord, hostRecord, startApi } from '../v1/api.fixture.ts';

const SIZE = { columns: 80, rows: 24 };
let api: ApiFixture;
beforeEach(begin);
async function begin() {
  api = await startApi();
  await api.store.update((tx) => {
    tx.put('hosts', hostRecord('id-1', 'h1'));
    tx.put('containers', containerRecord('c1', 'web', 'id-1'));
  });
}
afterEach(() => api.close());

const ask = async (as: 'operator' | 'admin' = 'operator') => {
  const { ticket } = await api
    .client(api.tokens[as])
    .call('terminal.open', { container: 'c1', command: ['sh', '-i'], ...SIZE });
  return ticket;
};

type Opened = Readonly<{
  socket: WebSocket;
  output(): string;
  bytes(): number;
  messages: unknown[];
  /** Status of the refusal, or the code with which it was closed. */
  end: Promise<number>;
}>;

const asOperator = () => ({ authorization: `Bearer ${api.tokens.operator}` });

function connect(ticket: string, headers: Record<string, string> = asOperator()): Opened {
  const socket = new WebSocket(
    `${api.url.replace('https', 'wss')}/v1/terminal`,
    [TERMINAL_PROTOCOL, TICKET_PREFIX + ticket],
    {
      ca: api.caPem,
      headers,
    },
  );
  const parts: Buffer[] = [];
  const messages: unknown[] = [];
  const bytes = () => parts.reduce((sum, { length }) => sum + length, 0);
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) parts.push(data);
    else messages.push(JSON.parse(String(data)));
  });
  const end = new Promise<number>((resolve) => {
    socket.on('unexpected-response', (_req, res) => {
      resolve(res.statusCode ?? 0);
      socket.terminate();
    });
    socket.on('close', resolve);
    socket.on('error', () => undefined);
  });
  return { socket, messages, end, bytes, output: () => Buffer.concat(parts).toString() };
}

const audit = async () =>
  (await api.root.call('audit.list', { action: 'terminal.*' })).entries.map(
    ({ user, action, target, outcome }) => `${user} ${action} ${target} ${outcome}`,
  );
const says = (opened: Opened, text: string) => expect.poll(() => opened.output()).toContain(text);

it('have an end in the audit log also where the manager was killed', async () => {
  const first = connect(await ask());
  await says(first, 'web sh -i');
  const second = connect(await ask());
  await says(second, 'web sh -i');
  second.socket.send('exit');
  await second.end;
  await ask('admin');
  // Nothing of it is closed: the next one starts with what is written.
  const before = await audit();
  expect(before).toHaveLength(4);
  const next = await startApi({ store: api.store });
  await next.close();
  const [a, b, ...rest] = await audit();
  expect([a, b].sort()).toEqual([
    'the-admin terminal.close web: sh -i the manager ended',
    'the-operator terminal.close web: sh -i the manager ended',
  ]);
  expect(rest).toEqual(before);
  const again = await startApi({ store: api.store });
  await again.close();
  expect(await audit()).toHaveLength(6);
});

describe('at the door', () => {
  it('lets go of a stranger who does not hang up himself', async () => {
    const { port, caPem: ca } = api;
    const half = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    const socket = tls.connect({ socket: half, host: '127.0.0.1', ca });
    socket.on('error', () => undefined);
    socket.write(
      ['GET /v1/terminal HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket', '', ''].join(
        '\r\n',
      ),
    );
    const parts: Buffer[] = [];
    socket.on('data', (part: Buffer) => parts.push(part));
    await once(socket, 'end');
    expect(Buffer.concat(parts).toString()).toContain('HTTP/1.1 401');
    // To one who is gone nothing can be said; to one who still listens, anything.
    const isGone = () => {
      socket.write('x');
      return socket.destroyed;
    };
    await expect.poll(isGone).toBe(true);
  });

  it('takes no ticket of one who may not open terminals any more', async () => {
    const ticket = await ask();
    await api.root.call('user.role', { user: 'the-operator', role: 'viewer' });
    expect(await connect(ticket).end).toBe(403);
  });
});

describe('a terminal', () => {
  it('joins a page with a command, and writes down its beginning and its end', async () => {
    const opened = connect(await ask());
    await says(opened, 'web sh -i');
    expect(opened.messages).toEqual([{ t: 'opened' }]);
    opened.socket.send(JSON.stringify({ t: 'size', columns: 100, rows: 30 }));
    opened.socket.send(Buffer.from('size'));
    await says(opened, '80x24 100x30');
    const typed = Buffer.from([0, 3, 255, 27]);
    opened.socket.send(typed);
    await expect.poll(() => opened.bytes()).toBe('web sh -i80x24 100x30'.length + typed.length);
    api.clock.time += 65_000;
    opened.socket.send(Buffer.from('exit'));
    expect(await opened.end).toBe(1000);
    expect(opened.messages.at(-1)).toEqual({
      ...{ t: 'ended', reason: 'the command has ended with exit 7', exitCode: 7 },
    });
    expect(await audit()).toEqual([
      'the-operator terminal.close web: sh -i, 65 s, exit 7 ok',
      'the-operator terminal.open web: sh -i ok',
    ]);
  });

  it('is sent no more than it has shown', async () => {
    const opened = connect(await ask());
    await says(opened, 'web');
    opened.socket.send(Buffer.from('much'));
    opened.socket.send(Buffer.from('much'));
    await expect.poll(() => opened.bytes()).toBeGreaterThan(512 * 1024);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(opened.bytes()).toBeLessThan(3 * 1024 * 1024);
    opened.socket.send(JSON.stringify({ t: 'taken', bytes: opened.bytes() }));
    await expect.poll(() => opened.bytes()).toBe(4 * 1024 * 1024 + 'web sh -i'.length);
  });

  it('ends when its page says what is not understood, or too much at once', async () => {
    for (const said of ['{"t":"size"}', 'no JSON', Buffer.alloc(64 * 1024)]) {
      const opened = connect(await ask());
      await says(opened, 'web');
      opened.socket.send(said);
      expect([1008, 1009]).toContain(await opened.end);
    }
  });

  it('ends where nobody has typed for an hour', async () => {
    await api.close();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      await begin();
      const [left, used] = [connect(await ask()), connect(await ask())];
      for (const one of [left, used]) await says(one, 'web sh -i');
      api.clock.time += 40 * 60_000;
      used.socket.send(Buffer.from('still here'));
      await says(used, 'still here');
      api.clock.time += 40 * 60_000;
      vi.advanceTimersByTime(15_000);
      expect(await left.end).toBe(1008);
      expect(left.messages.at(-1)).toMatchObject({ t: 'ended', reason: expect.stringContaining('typed') });
      expect(used.socket.readyState).toBe(used.socket.OPEN);
    } finally {
      vi.useRealTimers();
    }
  });

  it('ends with the session, with the role, and with the manager', async () => {
    const ends: [() => Promise<unknown>, string][] = [
      [() => api.store.update((tx) => tx.delete('apiTokens', 't-operator')), 'your session has ended'],
      [
        () =>
          api.store.update((tx) => {
            const token = tx.get('apiTokens', 't-operator');
            if (token !== undefined) tx.put('apiTokens', { ...token, expiresAt: api.clock.time });
          }),
        'your session has ended',
      ],
      [
        () =>
          api.store.update((tx) => {
            const user = tx.get('users', 'the-operator');
            const oidc = { issuer: 'https://sso', subject: '1', shutOut: true };
            if (user !== undefined) tx.put('users', { ...user, oidc } as typeof user);
          }),
        'your session has ended',
      ],
      [
        () =>
          api.store.update((tx) => {
            const user = tx.get('users', 'the-operator');
            if (user !== undefined) tx.put('users', { ...user, role: 'viewer' });
          }),
        'you may not do this any more',
      ],
      [() => api.endpoint.close(), 'the manager is restarting'],
    ];
    for (const [act, reason] of ends) {
      await addUsers(api.store);
      const opened = connect(await ask());
      await says(opened, 'web');
      await act();
      await opened.end;
      expect(opened.messages.at(-1)).toMatchObject({ t: 'ended', reason });
    }
  });
});

describe('a ticket', () => {
  it('is good once', async () => {
    const ticket = await ask();
    const first = connect(ticket);
    await says(first, 'web');
    expect(await connect(ticket).end).toBe(403);
    first.socket.close();
  });

  it('is good for nobody else, for no other site, and with no other cookie', async () => {
    expect(await connect(await ask('admin')).end).toBe(403);
    const ticket = await ask();
    expect(await connect(ticket, {}).end).toBe(401);
    const cookie = `__Host-berth=${api.tokens.operator}`;
    expect(await connect(ticket, { cookie, origin: 'https://evil.example' }).end).toBe(401);
    expect(await connect(ticket, { cookie, origin: api.url, 'sec-fetch-site': 'cross-site' }).end).toBe(401);
    expect(await connect(ticket, { cookie: `__Host-berth=${api.tokens.admin}` }).end).toBe(403);
    expect(await connect('made-up').end).toBe(403);
    const own = connect(ticket, { cookie, origin: api.url, 'sec-fetch-site': 'same-origin' });
    await says(own, 'web');
  });

  it('ends after half a minute, and is told of', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      await ask();
      vi.advanceTimersByTime(31_000);
    } finally {
      vi.useRealTimers();
    }
    await expect
      .poll(audit)
      .toEqual([
        'the-operator terminal.close web: sh -i its ticket was not used',
        'the-operator terminal.open web: sh -i ok',
      ]);
  });

  it('is given to who may, for a container that is there, and not without end', async () => {
    const viewer = api.client(api.tokens.viewer);
    const input = { container: 'c1', command: ['sh'], ...SIZE };
    await expect(viewer.call('terminal.open', input)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(api.root.call('terminal.open', input)).rejects.toMatchObject({ code: 'unsupported' });
    const operator = api.client(api.tokens.operator);
    for (const wrong of [
      { ...input, command: [] },
      { ...input, columns: 1 },
      { ...input, user: 'a b' },
      { ...input, workingDir: 'tmp' },
    ])
      await expect(operator.call('terminal.open', wrong)).rejects.toMatchObject({ code: 'bad_request' });
    await expect(operator.call('terminal.open', { ...input, container: 'nobody' })).rejects.toMatchObject({
      code: 'not_found',
    });
    for (let n = 0; n < 10; n++) await ask();
    await expect(operator.call('terminal.open', input)).rejects.toMatchObject({ code: 'too_many_requests' });
    await ask('admin');
    const refused = (await audit()).filter((line) => !line.endsWith(' ok'));
    expect(refused).toEqual([
      expect.stringContaining('has 10 terminals open'),
      expect.stringContaining('No such container: nobody'),
      expect.stringContaining('terminals are opened over HTTPS'),
      expect.stringContaining('this needs operator'),
    ]);
  });
});

it('upgrades to nothing else', async () => {
  const socket = new WebSocket(`${api.url.replace('https', 'wss')}/v1/version`, { ca: api.caPem });
  const status = await new Promise((resolve) => {
    socket.on('unexpected-response', (_req, res) => resolve(res.statusCode));
    socket.on('error', () => undefined);
  });
  expect(status).toBe(404);
  socket.terminate();
});
