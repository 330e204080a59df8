import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { BerthError } from '../../kit/errors.ts';
import { roleAllows } from '../../model/access.ts';
import type { Principal } from '../auth/principal.ts';
import { RefusalBudget } from '../auth/refusal-budget.ts';
import { hasBody } from '../body.ts';
import { answerError, textOf } from './answer-error.ts';
import { nameAuditTarget, writeAudit } from './audit.ts';
import type { CallAudit, DockerCall, DockerRoute } from './call.ts';
import type { DockerDeps } from './deps.ts';
import { Router } from './router.ts';
import { servedVersions, splitVersion } from './version.ts';

export type Dispatcher = Readonly<{
  request(req: IncomingMessage, res: ServerResponse, principal: () => Principal): void;
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, principal: () => Principal): void;
}>;

/** Takes requests to their routes: version, role, audit entry, errors. Never throws, never rejects. */
export function newDispatcher(deps: DockerDeps, routes: readonly DockerRoute[]): Dispatcher {
  const router = new Router(routes);
  const refusals = new RefusalBudget();

  /** @throws BerthError where the request may not reach a handler */
  function prepare(req: IncomingMessage, res: ServerResponse, who: () => Principal, gone: Gone) {
    const served = servedVersions(deps.store);
    res.setHeader('Api-Version', served.api);
    res.setHeader('Docker-Experimental', 'false');
    res.setHeader('Ostype', 'linux');
    res.setHeader('Server', `Berth/${deps.version} (linux)`);
    const principal = who();
    const url = req.url ?? '/';
    const mark = url.indexOf('?');
    const whole = mark < 0 ? url : url.slice(0, mark);
    const { apiVersion, path } = splitVersion(whole, served);
    const method = req.method ?? 'GET';
    const { route, params } = router.find(method, path);
    const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
    const call = new Call(method, path, params, query, apiVersion, principal, req, res, deps, gone);
    return { route, call };
  }

  async function run(route: DockerRoute, call: DockerCall, handle: () => Promise<void>): Promise<void> {
    let outcome = 'ok';
    let written = false;
    const audit = () => {
      const { action } = route;
      if (action === undefined || written) return;
      written = true;
      // Whoever is refused again and again must not push everything else out of the log.
      if (outcome === 'ok' || refusals.take(call.principal.user, deps.clock.now()))
        writeAudit(call, action, outcome);
    };
    call.audit.write = audit;
    if (route.action !== undefined) nameAuditTarget(call);
    try {
      refuseForeignPages(route, call.req);
      refuseRole(route, call);
      await handle();
    } catch (thrown) {
      outcome = call.signal.aborted ? 'the client went away' : textOf(thrown, deps.logger);
      throw thrown;
    } finally {
      audit();
    }
  }

  return {
    request(req, res, who) {
      const gone = new Gone();
      res.on('close', () => {
        if (!res.writableFinished) gone.tell();
      });
      // A client that resets the connection is no error of ours; `close` follows.
      req.on('error', () => undefined);
      res.on('error', () => undefined);
      const work = async () => {
        const { route, call } = prepare(req, res, who, gone);
        await run(route, call, () => route.handle(call));
        if (!res.writableEnded && !res.destroyed)
          throw new Error(`${route.method} ${route.pattern}: no answer`);
      };
      work().catch((thrown) => answerError(res, thrown, deps.logger));
    },

    upgrade(req, socket, head, who) {
      const gone = new Gone();
      socket.on('close', () => gone.tell());
      socket.on('error', () => undefined);
      // At once: once the client's end has been read past, nothing could be put back any more.
      if (head.length > 0) socket.unshift(head);
      const res = new ServerResponse(req);
      res.shouldKeepAlive = false;
      const written = bytesWritten(socket);
      const asPlain = () => {
        res.assignSocket(socket as never);
        res.on('finish', () => {
          res.detachSocket(socket as never);
          socket.end();
          // What the client still sends is thrown away, or the answer would be lost to a reset.
          socket.resume();
          setTimeout(() => socket.destroy(), 5_000).unref();
        });
      };
      const work = async () => {
        const { route, call } = prepare(req, res, who, gone);
        const { upgrade } = route;
        if (upgrade !== undefined) {
          await run(route, call, () => upgrade(call, socket));
          return;
        }
        if (hasBody(req)) {
          throw new BerthError(
            'bad_request',
            `${call.method} ${call.path} cannot upgrade to "${req.headers.upgrade}": leave the Upgrade header out`,
          );
        }
        asPlain();
        await run(route, call, () => route.handle(call));
      };
      work().catch((thrown) => {
        if (bytesWritten(socket) !== written) {
          socket.destroy();
          return;
        }
        if (res.socket === null) asPlain();
        answerError(res, thrown, deps.logger);
      });
    },
  };
}

function bytesWritten(socket: Duplex): number {
  return 'bytesWritten' in socket && typeof socket.bytesWritten === 'number' ? socket.bytesWritten : 0;
}

/** A class, as thousands are made a second: an object with an accessor of its own costs some microseconds. */
class Call implements DockerCall {
  readonly audit: CallAudit = { target: undefined, write: () => undefined };

  constructor(
    readonly method: string,
    readonly path: string,
    readonly params: DockerCall['params'],
    readonly query: URLSearchParams,
    readonly apiVersion: string,
    readonly principal: Principal,
    readonly req: IncomingMessage,
    readonly res: ServerResponse,
    readonly deps: DockerDeps,
    private readonly gone: Gone,
  ) {}

  get signal(): AbortSignal {
    return this.gone.signal;
  }
}

/** Whether the client went away. Few calls ask, and a signal costs as much as the rest of a short one. */
class Gone {
  private controller: AbortController | undefined;
  private told = false;

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.told) this.abort();
    }
    return this.controller.signal;
  }

  tell(): void {
    this.told = true;
    this.abort();
  }

  private abort(): void {
    this.controller?.abort(new BerthError('timeout', 'the client went away'));
  }
}

/** A web page of another site must not act through a browser that holds a client certificate. */
function refuseForeignPages(route: DockerRoute, req: IncomingMessage): void {
  const site = req.headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  if (route.action === undefined && route.upgrade === undefined) return;
  throw new BerthError('forbidden', `a page of another site may not call ${route.method} ${route.pattern}`);
}

function refuseRole(route: DockerRoute, { principal, method, path }: DockerCall): void {
  if (roleAllows(principal.role, route.role)) return;
  throw new BerthError(
    'forbidden',
    `user "${principal.user}" has the role "${principal.role}", and ${method} ${path} needs "${route.role}"`,
    { hint: 'ask an admin for that role' },
  );
}
