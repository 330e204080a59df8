import { Agent, type Dispatcher, request } from 'undici';
import { BerthError } from '../kit/errors.ts';
import { type Calls, clientOver } from './client-over.ts';
import { dialReason } from './dial-reason.ts';

export type { CallOptions } from './client-over.ts';

/** Calls over connections of its own. */
export type Client = Calls & Readonly<{ close(): Promise<void> }>;

/**
 * Where the manager is. `https` trusts nothing but the cluster's own CA (`ca`, PEM); there is no way to leave the check
 * out. `unix` is the manager's own socket, on which the caller is an admin.
 */
export type ClientTarget =
  | Readonly<{ kind: 'https'; url: string; ca: string; token?: string }>
  | Readonly<{ kind: 'unix'; path: string }>;

/** @throws BerthError `bad_request` where the URL is not one of `https://`. */
export function newClient(target: ClientTarget): Client {
  const { origin, agent } = dispatcherFor(target);
  const own: Record<string, string> = { 'user-agent': 'berth' };
  if (target.kind === 'https' && target.token) own.authorization = `Bearer ${target.token}`;
  const client = clientOver({
    send: async ({ method, path, headers, body, signal }) => {
      const answer = await request(`${origin}${path}`, {
        method: method as Dispatcher.HttpMethod,
        dispatcher: agent,
        headers: { ...own, ...headers },
        body: body ?? null,
        signal: signal ?? null,
        // A stream of events is silent for long; everything else answers or fails within its own limits.
        bodyTimeout: 0,
      });
      return { status: answer.statusCode, body: answer.body };
    },
    lost: (thrown) => unreachable(target, thrown),
  });
  return { ...client, close: () => agent.close() };
}

function dispatcherFor(target: ClientTarget): { origin: string; agent: Agent } {
  if (target.kind === 'unix') {
    return { origin: 'http://localhost', agent: new Agent({ connect: { socketPath: target.path } }) };
  }
  const url = URL.canParse(target.url) ? new URL(target.url) : undefined;
  if (url?.protocol !== 'https:') {
    throw new BerthError('bad_request', `"${target.url}" is not the address of a manager`, {
      hint: 'write it as https://host:8443',
    });
  }
  return { origin: url.origin, agent: new Agent({ connect: { ca: target.ca } }) };
}

const TLS_DOUBT = /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CERT_|ERR_TLS_CERT|ERR_SSL)/;

function unreachable(target: ClientTarget, thrown: unknown): BerthError {
  const place = target.kind === 'unix' ? target.path : target.url;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (target.kind === 'unix' && code === 'EACCES') {
    return new BerthError('forbidden', `cannot reach the manager at ${place}: permission denied`, {
      hint: 'run it as root (sudo), or log in with "berth login https://host:8443"',
      cause: thrown,
    });
  }
  const hint = TLS_DOUBT.test(code)
    ? 'its certificate is not from the CA that was pinned at log-in, or does not name this address'
    : target.kind === 'unix'
      ? 'is the manager running? "berth up" with the same --data-dir starts it'
      : 'is it the API port (8443) of a running manager, and open to this machine?';
  return new BerthError(
    'unavailable',
    `cannot reach the manager at ${place}: ${dialReason(thrown) || code}`,
    {
      hint,
      cause: thrown,
    },
  );
}
