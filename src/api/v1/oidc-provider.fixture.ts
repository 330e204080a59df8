import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import { createCa, issueServerCertificate, openCa } from '../../link/index.ts';

/** Knows one client, by this name and secret. */
export const CLIENT = { id: 'berth', secret: 'the secret of the client' } as const;

export type TestProvider = {
  readonly issuer: string;
  /** PEM of the CA that its certificate is of: nobody else knows it. */
  readonly ca: string;
  /** What is said of people, by their names there. */
  readonly accounts: Map<string, Readonly<Record<string, unknown>>>;
  /** `GET /auth`, in the order in which it was asked. */
  readonly asked: string[];
  /** Who says that they are who next; `nobody` says no. A browser that has said so before is not asked again. */
  person: string;
  /** Answers in the provider's place, where a test wants a lie. */
  lie: ((req: IncomingMessage, res: ServerResponse) => boolean) | undefined;
  /** Whether it gives what it can be asked again by. */
  isRefreshed: boolean;
  close(): Promise<void>;
};

/**
 * A real OpenID Connect provider over TLS, with people who need no form to say who they are.
 * @param address that it listens at and has in its name
 * @param back where it may send people back to
 * @param port a free one, if left out
 */
export async function startProvider(o: {
  address: string;
  back: string;
  port?: number;
}): Promise<TestProvider> {
  const ca = await openCa(await createCa('provider', Date.now()));
  const { key, certificate } = await issueServerCertificate(ca, [o.address], Date.now());
  let handle: (req: IncomingMessage, res: ServerResponse) => void = () => undefined;
  const server = createServer({ key, cert: certificate }, (req, res) => {
    test.asked.push(`${req.method} ${req.url?.split('?')[0]}`);
    if (test.lie?.(req, res) !== true) handle(req, res);
  });
  await new Promise<void>((resolve) => server.listen(o.port ?? 0, o.address, resolve));
  const test: TestProvider = {
    issuer: `https://${o.address}:${(server.address() as AddressInfo).port}`,
    ca: ca.certificate,
    accounts: new Map(),
    asked: [],
    person: 'nobody',
    lie: undefined,
    isRefreshed: true,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  handle = newProvider(test, o.back);
  return test;
}

function newProvider(test: TestProvider, back: string) {
  const provider = new Provider(test.issuer, {
    clients: [
      {
        ...{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [back] },
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ],
    issueRefreshToken: async () => test.isRefreshed,
    rotateRefreshToken: true,
    claims: { profile: ['preferred_username', 'groups'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: () => '/interaction' },
    findAccount: (_: unknown, id: string) =>
      test.accounts.has(id)
        ? { accountId: id, claims: () => ({ sub: `subject-of-${id}`, ...test.accounts.get(id) }) }
        : undefined,
    cookies: { keys: ['a key for tests'] },
  });
  const own = provider.callback();
  /** The person at the provider: says who they are, and agrees. */
  const interact = async (req: IncomingMessage, res: ServerResponse) => {
    const { prompt } = await provider.interactionDetails(req, res);
    if (test.person === 'nobody')
      return provider.interactionFinished(req, res, {
        error: 'access_denied',
        error_description: 'not today',
      });
    if (prompt.name === 'login')
      return provider.interactionFinished(req, res, { login: { accountId: test.person } });
    const grant = new provider.Grant({ accountId: test.person, clientId: CLIENT.id });
    grant.addOIDCScope('openid profile email');
    return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } });
  };
  return (req: IncomingMessage, res: ServerResponse) => {
    if (req.url?.startsWith('/interaction')) void interact(req, res);
    else own(req, res);
  };
}
