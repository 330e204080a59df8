import { connect } from 'node:tls';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { errorBodySchema } from '../../contract/v1/error.ts';
import type { RouteSpec } from '../../contract/v1/route.ts';
import { type RouteName, routes } from '../../contract/v1/routes.ts';
import { type ApiFixture, addUsers, startApi } from './api.fixture.ts';

let api: ApiFixture;
let agent: Agent;

beforeAll(async () => {
  api = await startApi();
  agent = new Agent({ connect: { ca: api.caPem } });
});
afterAll(async () => {
  await agent.close();
  await api.close();
});

// Some routes end the token with which they are called.
beforeEach(() => addUsers(api.store));

const ALL = (Object.entries(routes) as [RouteName, RouteSpec][]).map(([name, route]) => ({ name, route }));

type Sent = Readonly<{ path?: string; token?: string; body?: string | Buffer; type?: string }>;

/** With a word for each part: `x`, or a noun of the API where only those are let in. */
const pathOf = ({ path }: RouteSpec) => path.replace(':noun', 'secret').replace(/:\w+/g, 'x');

async function send(route: RouteSpec, { path, token, body, type }: Sent) {
  const answer = await request(`${api.url}${path ?? pathOf(route)}`, {
    method: route.method,
    dispatcher: agent,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': type ?? 'application/json' }),
    },
    body: body ?? null,
  });
  const text = await answer.body.text();
  return { status: answer.statusCode, text, headers: answer.headers };
}

/** Refused, as one line that says what was wrong. */
function expectRefusal(answer: Readonly<{ status: number; text: string }>, status: number): void {
  expect(answer.status, answer.text).toBe(status);
  const body = errorBodySchema.parse(JSON.parse(answer.text));
  expect(body.message).toMatch(/^[^\n]{5,400}$/);
}

// A body of bytes is as long as it is.
describe.each(ALL.filter(({ route }) => route.takes !== 'bytes'))(
  'any route with a limit: $name',
  ({ route }) => {
    it('refuses a body over it', async () => {
      const body = JSON.stringify({ spec: 'x'.repeat(route.mostBody ?? 1024 * 1024) });
      expectRefusal(await send(route, { token: api.tokens.admin, body }), 413);
    });
  },
);

describe.each(ALL)('any route: $name', ({ route }) => {
  it('refuses malformed JSON', async () => {
    expectRefusal(await send(route, { token: api.tokens.admin, body: '{"a":' }), 400);
  });

  it('refuses a body that is nested without end', async () => {
    const body = `{"spec":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    expectRefusal(await send(route, { token: api.tokens.admin, body }), 400);
  });

  it('refuses another type of body', async () => {
    expectRefusal(await send(route, { token: api.tokens.admin, body: 'a=b', type: 'text/plain' }), 400);
  });

  it('names an unknown field in the query', async () => {
    const path = `${pathOf(route)}?surprise=1`;
    const answer = await send(route, { token: api.tokens.admin, path });
    expectRefusal(answer, 400);
    expect(answer.text).toContain('surprise');
  });

  it.each(['[]', 'null', '1', '"text"', '{"user": null, "spec": [], "name": {}, "role": 5, "count": -1}'])(
    'does not fall over %s',
    async (body) => {
      const { status } = await send(route, { token: api.tokens.viewer, body });
      expect(status).toBeLessThan(500);
    },
  );

  it('answers with headers that keep browsers from guessing', async () => {
    const { headers } = await send(route, {});
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['cache-control']).toBe('no-store');
  });
});

/** Bodies of webhooks are theirs; nothing of them is read. */
const OPEN: ReadonlySet<RouteName> = new Set(['trigger.fire']);
const WITH_BODY = ALL.filter(
  ({ name, route }) => route.method !== 'GET' && route.takes !== 'bytes' && !OPEN.has(name),
);

describe.each(WITH_BODY)('with a body: $name', ({ route }) => {
  it('names an unknown field in the body', async () => {
    const answer = await send(route, { token: api.tokens.admin, body: '{"surprise": 1, "__proto__": {}}' });
    expectRefusal(answer, 400);
    expect(answer.text).toContain('surprise');
  });
});

describe.each(ALL.filter(({ route }) => route.role !== 'public'))('not public: $name', ({ route }) => {
  it('asks who it is', async () => {
    for (const token of [undefined, 'no-such-token', 'x'.repeat(5000)]) {
      const answer = await send(route, { token });
      expectRefusal(answer, 401);
      expect(answer.headers['www-authenticate']).toContain('Bearer');
    }
  });
});

describe.each(ALL.filter(({ route }) => route.role === 'operator' || route.role === 'admin'))(
  'not for viewers: $name',
  ({ route }) => {
    it('refuses too low a role', async () => {
      expectRefusal(await send(route, { token: api.tokens.viewer }), 403);
      if (route.role === 'admin') expectRefusal(await send(route, { token: api.tokens.operator }), 403);
    });
  },
);

describe.each(ALL.filter(({ route }) => route.path.includes(':')))(
  'with a name in its path: $name',
  ({ route }) => {
    it('refuses a path that is no percent-encoding', async () => {
      const path = route.path.replace(/:\w+/g, '%zz');
      expectRefusal(await send(route, { token: api.tokens.admin, path }), 400);
    });

    it('takes odd names in the path for what is not there', async () => {
      for (const odd of [
        '..%2f..%2fetc%2fpasswd',
        '%00',
        '__proto__',
        'constructor',
        '%F0%9F%92%A9',
        'a'.repeat(600),
      ]) {
        const path = route.path.replace(/:\w+/g, odd);
        const { status } = await send(route, { token: api.tokens.admin, path });
        expect(status).toBeGreaterThanOrEqual(400);
        expect(status).toBeLessThan(500);
      }
    });
  },
);

describe('everything else', () => {
  it('is a route that does not exist, for whoever asks', async () => {
    const route: RouteSpec = {
      method: 'GET',
      path: '/v1/nothing',
      role: 'public',
      answer: { type: 'text', contentType: '' },
    };
    for (const token of [undefined, api.tokens.admin]) expectRefusal(await send(route, { token }), 404);
    expectRefusal(await send({ ...route, path: '/' }, {}), 404);
    expectRefusal(await send({ ...route, method: 'DELETE', path: '/v1/status' }, {}), 404);
  });

  it('is no HTTP, and does not bring the server down', async () => {
    await new Promise<void>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: api.port, ca: api.caPem }, () => {
        socket.write('\x16\x03\x01 this is no request\r\n\r\n');
      });
      socket.once('close', () => resolve()).once('error', reject);
      socket.resume();
    });
    expect((await api.root.call('session.version')).api).toBe('v1');
  });

  it('never repeats a password in a refusal', async () => {
    const body = JSON.stringify({ user: 5, password: 'hunter2hunter2', extra: 1 });
    const answer = await send(routes['session.login'], { body });
    expectRefusal(answer, 400);
    expect(answer.text).not.toContain('hunter2');
  });
});
