import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { RouteSpec } from '../../contract/v1/route.ts';
import { type RouteName, routes } from '../../contract/v1/routes.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { ProcessFigures } from '../../kit/process-figures.ts';
import { type ApiToken, roleAllows } from '../../model/access.ts';
import { type AuditFact, putAudit } from '../auth/audit-log.ts';
import { bearerOf } from '../auth/bearer.ts';
import { bearerOfPage } from '../auth/page-cookie.ts';
import type { Principal } from '../auth/principal.ts';
import { RefusalBudget } from '../auth/refusal-budget.ts';
import { FlowingBody, limitBody, readWhole } from '../body.ts';
import { parseJson } from '../docker/json.ts';
import { ApiFigures } from '../metrics/api-figures.ts';
import { openPage } from '../page/page.ts';
import { closeLostTerminals } from '../terminals/close-lost.ts';
import { Terminals } from '../terminals/terminals.ts';
import { ChangeFeed } from './change-feed.ts';
import { changeTarget } from './change-target.ts';
import { checkInput } from './check-input.ts';
import type { ApiDeps } from './deps.ts';
import { errorAnswer, MAX_BODY, tooLarge } from './error-answer.ts';
import type { Call, EventSource, LineSource, StreamAnswer } from './handler.ts';
import { allHandlers } from './handlers.ts';
import { OidcChecks } from './oidc-checks.ts';
import { sendEvents } from './send-events.ts';
import { sendLines } from './send-lines.ts';

/** By which server a request came in: it decides who is asking. */
type Door = 'https' | 'socket';

export interface Api {
  /** For a server with TLS: identity by `Authorization: Bearer`. */
  readonly https: RequestListener;
  /** For a server on a unix socket that only root, or a trusted group, may open: every caller is an admin. */
  readonly socket: RequestListener;
  /** For requests of that server to upgrade their connection: terminals. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Ends streams of events, and terminals; the servers are their owner's to close. */
  close(): Promise<void>;
}

/** https://owasp.org/www-project-secure-headers: nothing that this API answers is a page. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Answers that last as long as somebody reads them. */
const LASTING: ReadonlySet<string> = new Set(['stream', 'events', 'lines']);
/** How long the rest of a body that was refused is thrown away (milliseconds). */
const DROP_MS = 5_000;
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

type Caller = Readonly<{ principal: Principal; token: ApiToken | undefined }>;

/**
 * The API of the contract's table of routes, for whatever server it is put behind.
 * @param onLetIn the rest of this request's body comes from somebody who may send it, for as long as that takes
 */
export async function newApi(
  deps: ApiDeps,
  onLetIn: (req: IncomingMessage, res: ServerResponse) => void = () => undefined,
): Promise<Api> {
  const doors = new WeakMap<IncomingMessage, Door>();
  const callers = new WeakMap<FastifyRequest, Caller>();
  const refusals = new RefusalBudget();
  const changes = new ChangeFeed(deps.store, () => deps.clock.now());
  const streams = new Set<ServerResponse>();
  const figures = new ApiFigures();
  const own = new ProcessFigures();
  const families = () => [...figures.families(), ...own.families()];
  await deps.store.update((tx) => closeLostTerminals(tx, deps.clock.now()));
  const terminals = new Terminals(deps);
  const oidcChecks = new OidcChecks(deps);
  const handlers = allHandlers(deps.agentFile, changes, families, terminals) as Readonly<
    Record<RouteName, (call: unknown) => unknown>
  >;

  const identify = (request: FastifyRequest, route: RouteSpec): Caller => {
    const from = request.raw.socket.remoteAddress ?? '';
    const door = doors.get(request.raw);
    if (door === 'socket') {
      return { principal: { user: 'root', role: 'admin', via: 'socket', from: '' }, token: undefined };
    }
    if (door !== 'https') throw new BerthError('unauthenticated', 'this came in by no known door');
    if (route.role === 'public') {
      return { principal: { user: '', role: 'viewer', via: 'api', from }, token: undefined };
    }
    const shown = request.headers.authorization ?? bearerOfPage(request.headers);
    return deps.store.view((tx) => bearerOf(tx, shown, from, deps.clock.now()));
  };

  /** `asked`: the caller that is known for certain; empty for strangers, whatever name they claim. */
  const audit = async (asked: string, who: Principal, fact: AuditFact): Promise<void> => {
    const now = deps.clock.now();
    // Whoever is refused again and again must not push everything else out of the log.
    if (fact.outcome !== 'ok' && !refusals.take(asked, now)) return;
    await deps.store
      .update((tx) => putAudit(tx, now, who, fact))
      .catch((thrown) =>
        deps.logger.error({ ...fact, reason: messageOf(thrown) }, 'audit entry not written'),
      );
  };

  const app = newApp();
  app.setErrorHandler((thrown, request, reply) => refuse(thrown, request, reply));
  /** By which methods the same path is there. */
  const otherWay = (request: FastifyRequest): string | undefined => {
    const url = pathOf(request);
    const methods = METHODS.filter((method) => app.hasRoute({ method, url }));
    return methods.length === 0 ? undefined : `it is there by ${methods.join(', ')}`;
  };
  app.setNotFoundHandler((request, reply) =>
    refuse(
      new BerthError('not_found', `there is no ${request.method} ${pathOf(request)} here`, {
        hint: otherWay(request) ?? 'routes begin with /v1/; their list is in the documentation of the API',
      }),
      request,
      reply,
    ),
  );
  app.addHook('onResponse', (request, reply, done) => {
    const { method, ip } = request;
    const user = callers.get(request)?.principal.user ?? '';
    const line = {
      method,
      path: pathOf(request),
      status: reply.statusCode,
      user,
      from: ip,
      ms: Math.round(reply.elapsedTime),
    };
    const { name } = request.routeOptions.config as { name?: RouteName };
    if (name !== undefined) {
      figures.answered(name, reply.statusCode);
      const lasts = LASTING.has(routes[name].answer.type) || takesBytes(request);
      if (!lasts) figures.took(name, reply.elapsedTime / 1000);
    }
    if (method === 'GET' || reply.statusCode >= 400) deps.logger.debug(line, 'api request');
    else deps.logger.info(line, 'api request');
    done();
  });
  for (const name of Object.keys(routes) as RouteName[]) addRoute(name, routes[name]);
  await app.ready();

  function refuse(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const { status, body } = errorAnswer(thrown, deps.logger);
    if (status === 401) void reply.header('www-authenticate', 'Bearer realm="berth"');
    // Fastify would close the connection on who is still sending, who might lose the answer to that.
    void reply.removeHeader('connection').headers(SECURITY_HEADERS).code(status).send(body);
    dropBody(request.raw);
  }

  function addRoute(name: RouteName, route: RouteSpec): void {
    app.route({
      method: route.method,
      url: route.path,
      bodyLimit: route.mostBody ?? MAX_BODY,
      exposeHeadRoute: false,
      config: { name },
      onRequest: async (request, reply) => {
        void reply.headers(SECURITY_HEADERS);
        const caller = identify(request, route);
        callers.set(request, caller);
        if (route.role !== 'public' && !roleAllows(caller.principal.role, route.role)) {
          const { user, role } = caller.principal;
          const error = new BerthError('forbidden', `user ${user} is ${role}; this needs ${route.role}`, {
            hint: 'ask an admin, or log in as another user',
          });
          if (route.action !== undefined) {
            const target = deps.store.view((tx) => changeTarget(tx, request.params as object));
            await audit(user, caller.principal, { action: route.action, target, outcome: messageOf(error) });
          }
          throw error;
        }
        refuseBodyOfGet(request);
      },
      handler: async (request, reply) => {
        const caller = callers.get(request);
        if (caller === undefined) throw new BerthError('unauthenticated', 'nobody is asking');
        const input = {
          params: checkInput(route.params, request.params, 'path'),
          headers: route.headers === undefined ? {} : checkInput(route.headers, request.headers, 'header'),
          query: checkInput(route.query, request.query, 'query'),
          body: checkInput(route.body, request.body, 'body'),
        };
        const takesBytes = route.takes === 'bytes';
        if (takesBytes) onLetIn(request.raw, reply.raw);
        const sent = takesBytes ? new FlowingBody(request.raw) : undefined;
        const around = { ...input, sent, stillAllowed: () => isStillAllowed(request, route, caller) };
        try {
          const setCookie = (text: string | string[]) => void reply.header('set-cookie', text);
          const answer = await run(name, route, caller, around, setCookie);
          return send(name, answer, caller, request, reply);
        } finally {
          sent?.destroy();
        }
      },
    });
  }

  async function run(
    name: RouteName,
    route: RouteSpec,
    { principal, token }: Caller,
    input: Pick<Call<RouteName>, 'stillAllowed'> &
      Readonly<{ params: unknown; headers: unknown; query: unknown; body: unknown; sent: unknown }>,
    setCookie: (text: string | string[]) => void,
  ): Promise<unknown> {
    let target = '';
    let who = principal;
    let failure: string | undefined;
    const call: Omit<Call<RouteName>, keyof typeof input> & typeof input = {
      ...input,
      principal,
      token,
      deps,
      setCookie,
      about: (what, user) => {
        target = what;
        if (user !== undefined) who = { ...principal, user };
      },
      failed: (why) => (failure = why),
    };
    const { action } = route;
    if (action === undefined) return handlers[name](call);
    target = deps.store.view((tx) => changeTarget(tx, input.params as object));
    const tell = (outcome: string) => audit(principal.user, who, { action, target, outcome });
    const saidOf = (thrown: unknown) => (thrown instanceof BerthError ? messageOf(thrown) : 'internal error');
    try {
      const answer = await handlers[name](call);
      if (route.answer.type !== 'lines') {
        await tell('ok');
        return answer;
      }
      return toldAtTheEnd(answer as LineSource<unknown>, (thrown) =>
        tell(thrown === undefined ? (failure ?? 'ok') : saidOf(thrown)),
      );
    } catch (thrown) {
      await tell(saidOf(thrown));
      throw thrown;
    }
  }

  function send(
    name: RouteName,
    answer: unknown,
    caller: Caller,
    request: FastifyRequest,
    reply: FastifyReply,
  ): FastifyReply {
    const route: RouteSpec = routes[name];
    switch (route.answer.type) {
      case 'json':
        // Through the schema: what it does not name (a password's hash) cannot get out.
        return reply.send((route.answer.schema as z.ZodType).parse(answer));
      case 'text':
        return reply.type(route.answer.contentType).send(answer);
      case 'stream': {
        const { headers, body } = answer as StreamAnswer;
        return reply.type(route.answer.contentType).headers(headers).send(body);
      }
      case 'events': {
        reply.hijack();
        streams.add(reply.raw);
        reply.raw.once('close', () => streams.delete(reply.raw));
        const allowed = () => isStillAllowed(request, route, caller);
        sendEvents(request.raw, reply.raw, answer as EventSource, SECURITY_HEADERS, allowed);
        return reply;
      }
      case 'lines': {
        reply.hijack();
        streams.add(reply.raw);
        reply.raw.once('close', () => streams.delete(reply.raw));
        void sendLines(reply.raw, answer as LineSource<unknown>, {
          schema: route.answer.schema,
          headers: SECURITY_HEADERS,
          stillAllowed: () => isStillAllowed(request, route, caller),
          onBroken: (reason) => deps.logger.warn({ route: name, reason }, 'an answer broke off'),
        });
        return reply;
      }
    }
  }

  function isStillAllowed(request: FastifyRequest, route: RouteSpec, before: Caller): boolean {
    try {
      const { principal } = identify(request, route);
      const mayStill = route.role === 'public' || roleAllows(principal.role, route.role);
      return mayStill && principal.user === before.principal.user;
    } catch {
      return false;
    }
  }

  const page = deps.pageFolder === undefined ? undefined : openPage(deps.pageFolder);
  const listener = (door: Door) => (req: IncomingMessage, res: ServerResponse) => {
    limitBody(req);
    if (door === 'https' && page?.answer(req, res) === true) return;
    doors.set(req, door);
    app.routing(req, res);
  };
  return {
    https: listener('https'),
    socket: listener('socket'),
    upgrade: (req, socket, head) => terminals.upgrade(req, socket, head),
    close: async () => {
      changes.close();
      own.close();
      await terminals.close();
      await oidcChecks.close();
      for (const stream of streams) stream.end();
      await app.close();
    },
  };

  function newApp(): FastifyInstance {
    const made = fastify({
      logger: false,
      bodyLimit: MAX_BODY,
      trustProxy: false,
      routerOptions: { maxParamLength: 512, ignoreTrailingSlash: true },
      frameworkErrors: (thrown, request, reply) => {
        refuse(thrown, request, reply);
      },
    });
    made.removeAllContentTypeParsers();
    made.addContentTypeParser('application/json', async (request: FastifyRequest, body: IncomingMessage) => {
      if (takesBytes(request)) throw notAsDeclared(BYTES);
      return parseJson(
        await readWhole(body, limitOf(request), () => tooLarge(limitOf(request))),
        request.headers['content-type'],
      );
    });
    // Left alone: its handler takes it as it comes.
    made.addContentTypeParser(BYTES, async (request: FastifyRequest) => {
      if (!takesBytes(request)) throw notAsDeclared('application/json');
    });
    return made;
  }
}

const BYTES = 'application/octet-stream';

function takesBytes({ routeOptions: { config } }: FastifyRequest): boolean {
  const { name } = config as { name?: RouteName };
  const route: RouteSpec | undefined = name && routes[name];
  return route?.takes === 'bytes';
}

function notAsDeclared(type: string): BerthError {
  return new BerthError('bad_request', `the body is not declared as ${type}`, {
    hint: `send it with "content-type: ${type}"`,
  });
}

/** The same lines; `end` is told when they are all there, or of what broke them off. */
function toldAtTheEnd<T>(source: LineSource<T>, end: (thrown?: unknown) => Promise<void>): LineSource<T> {
  return async function* (signal) {
    let thrown: unknown = new BerthError('timeout', 'who asked went away before it was done');
    try {
      yield* source(signal);
      if (!signal.aborted) thrown = undefined;
    } catch (caught) {
      if (!signal.aborted) thrown = caught;
      throw caught;
    } finally {
      await end(thrown);
    }
  };
}

const limitOf = (request: FastifyRequest) => request.routeOptions.bodyLimit;

/** Fastify leaves the body of a GET alone, which would make it a request of its own. */
function refuseBodyOfGet(request: FastifyRequest): void {
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > limitOf(request) && !takesBytes(request)) throw tooLarge(limitOf(request));
  if (request.method !== 'GET') return;
  if (length > 0 || request.headers['transfer-encoding'] !== undefined) {
    throw new BerthError('bad_request', `GET ${pathOf(request)} takes no body`, {
      hint: 'send it without one',
    });
  }
}

/**
 * A body that nobody will read must not be taken for the next request on the same connection. It is thrown away for a
 * while rather than cut off: who is still sending would lose the answer to a reset.
 */
function dropBody(raw: IncomingMessage): void {
  if (raw.complete) return;
  raw.resume();
  const late = setTimeout(() => raw.destroy(), DROP_MS);
  raw.once('close', () => clearTimeout(late));
}

/** Without the query, which may hold what should not be in a log. */
function pathOf(request: FastifyRequest): string {
  return (request.url.split('?')[0] ?? '').slice(0, 256);
}
