import {
  type AgentFrame,
  type ManagerFrame,
  ROUTER_VERSION,
  type RouterBase,
  type RouterChange,
  TLS_ROUTER_VERSION,
} from '../../contract/link.ts';
import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Vault } from '../../kit/vault.ts';
import { CLUSTER_CERTIFICATE } from '../../model/certificate.ts';
import type { Certificate, HttpRoute, TcpRoute } from '../../model/router.ts';
import { settingsOf } from '../../store/settings.ts';
import type { Change, ChangeSet, ReadTx, Store } from '../../store/store.ts';
import { partsOf } from '../agents/frames.ts';
import { AccessBook } from './access-book.ts';
import { RouteBook, type RouteChanges } from './route-book.ts';
import { ingressHosts, servingHosts } from './service-ways.ts';
import { ShownCertificates } from './shown-certificates.ts';
import { WantedChallenges } from './wanted-challenges.ts';

type RouterFrame = ManagerFrame & { t: 'router' | 'no-router' };
type Send = (frame: RouterFrame) => void;

/** An ingress host's connection. */
type Told = {
  readonly version: number;
  readonly send: Send;
  /** Number of the last change that it was told, whether that was a router; undefined before the first one. */
  seq: number;
  router: boolean | undefined;
};

const OTHER_TABLES: ReadonlySet<Change['table']> = new Set([
  ...(['hosts', 'settings', 'certificates', 'acmeCertificates'] as const),
]);

/** Changes that come right behind one that was told are gathered for so long, milliseconds. */
const PAUSE_MS = 20;

type RoutersDeps = Readonly<{
  store: Store;
  clock: Clock;
  logger: Logger;
  /** Of sticky cookies: hexadecimal, the same in all lives of the manager. */
  cookieKey: string;
  /** Opens certificates. */
  vault: Vault;
  pauseMs?: number;
}>;

/**
 * Tells each ingress host which routes its router is to have, and hears what became of that. Follows the store, and tells a
 * change at once; those that come right behind it are told together. After a start of the manager routes of which not all
 * containers have been seen stay as routers have them, for as long as hosts have to connect.
 */
export class Routers {
  /** What goes through them. */
  readonly access: AccessBook;
  private readonly book: RouteBook;
  private readonly sessions = new Map<string, Told>();
  private readonly unwatch: () => void;
  private readonly patience: NodeJS.Timeout;
  private patient = true;
  private pausing: NodeJS.Timeout | undefined;
  /** There is something to tell once the pause is over. */
  private due = false;
  private seq = 0;
  private base: RouterBase;
  private readonly shown: ShownCertificates;
  private certificates: readonly Certificate[] = [];
  private readonly challenges = new WantedChallenges();

  constructor(private readonly deps: RoutersDeps) {
    const { store } = deps;
    this.book = new RouteBook(store);
    this.access = new AccessBook({
      clock: deps.clock,
      routesOf: (service) => this.book.idsOf(service),
      serving: () => store.view(servingHosts),
    });
    this.shown = new ShownCertificates(deps.vault, deps.logger);
    this.base = store.view((tx) => this.baseOf(tx));
    this.unwatch = store.watch((set) => this.onChange(set));
    this.patience = setTimeout(
      () => {
        this.patient = false;
        this.book.dirtyAll();
        this.soon();
      },
      store.view((tx) => settingsOf(tx).failoverGraceMs),
    );
    this.patience.unref();
    this.round();
  }

  close(): void {
    this.unwatch();
    this.sessions.clear();
    clearTimeout(this.patience);
    clearTimeout(this.pausing);
  }

  /** A host has connected: it hears of everything. */
  attach(hostId: string, version: number, send: Send): void {
    this.detach(hostId);
    if (version < ROUTER_VERSION) return;
    this.sessions.set(hostId, { version, send, seq: 0, router: undefined });
    this.soon();
  }

  detach(hostId: string): void {
    this.sessions.delete(hostId);
  }

  /** What a host says of its router. @throws BerthError where it cannot be written */
  async said(hostId: string, { seq, serving, error, draining }: AgentFrame & { t: 'routed' }): Promise<void> {
    const router = { kind: 'host-router', id: hostId, seq, serving, error, draining } as const;
    await this.deps.store.update((tx) => {
      if (tx.get('hosts', hostId) !== undefined) tx.put('hostRouters', router);
    });
  }

  /**
   * Whether no router leads to a container that leaves any more, and no request of it is under way, as far as ingress hosts
   * that are connected and serve have said.
   */
  isOut(containerId: string): boolean {
    const told = this.book.toldOf(containerId);
    if (told === undefined) return false;
    return this.deps.store.view((tx) => {
      for (const [hostId, { seq, router }] of this.sessions) {
        if (router === false) continue;
        const said = tx.get('hostRouters', hostId);
        if (said !== undefined && said.seq >= seq && !said.serving) continue;
        if (said === undefined || said.seq < Math.min(told.seq, seq)) return false;
        if (told.servers.some((server) => said.draining.includes(server))) return false;
      }
      return true;
    });
  }

  /**
   * Whether ingress hosts that serve have said that they answer these challenges of ACME; `some`: not all of them yet. As a CA
   * may look at any of them, those count that have lost their connection and are not down, and those that have still to
   * connect behind a start of the manager.
   */
  answered(tokens: readonly string[]): 'all' | 'some' | 'none' {
    const seq = this.challenges.toldIn(tokens);
    if (seq === undefined) return 'none';
    return this.deps.store.view((tx) => {
      let [does, waits] = [0, 0];
      for (const { id } of ingressHosts(tx)) {
        const session = this.sessions.get(id);
        if (session === undefined) {
          const status = tx.get('hostStatus', id);
          if (status?.state === 'suspect' || (this.patient && status?.reported !== true)) waits++;
          continue;
        }
        const { version, router } = session;
        if (router === false || version < TLS_ROUTER_VERSION) continue;
        const said = tx.get('hostRouters', id);
        if (router === undefined || said === undefined || said.seq < seq) waits++;
        else if (said.serving) does++;
      }
      return does === 0 ? 'none' : waits === 0 ? 'all' : 'some';
    });
  }

  private onChange({ changes }: ChangeSet): void {
    this.book.note(changes);
    const others = changes.some(({ table }) => OTHER_TABLES.has(table));
    if (others || this.book.isDirty) this.soon();
  }

  /** Now, or at the end of the pause. */
  private soon(): void {
    this.due = true;
    if (this.pausing === undefined) this.round();
  }

  private round(): void {
    this.due = false;
    const next = this.seq + 1;
    const changes = this.book.refresh(next, this.patient);
    const before = this.certificates;
    const base = this.deps.store.view((tx) => {
      this.certificates = this.shown.read(tx);
      return this.baseOf(tx);
    });
    const sameCertificates = before === this.certificates;
    const sameChallenges = !this.deps.store.view((tx) => this.challenges.read(tx, next));
    const sameBase = JSON.stringify(base) === JSON.stringify(this.base);
    this.base = base;
    const isNews =
      !(sameBase && sameCertificates && sameChallenges) ||
      changes.http.length + changes.tcp.length + changes.drop.length > 0;
    if (isNews || [...this.sessions.values()].some(({ router }) => router === undefined)) this.seq = next;
    const some = this.book.some || this.challenges.list.length > 0;
    let all: RouteChanges | undefined;
    let isTold = false;
    const ingress = new Set(this.deps.store.view((tx) => ingressHosts(tx).map(({ id }) => id)));
    for (const [hostId, told] of this.sessions) {
      const router = some && ingress.has(hostId);
      if (router ? told.router === true && !isNews : told.router === false) continue;
      isTold = true;
      if (!router) this.tellNone(hostId, told);
      else if (told.router === true)
        this.tell(hostId, told, changes, {
          ...{ whole: false, certificates: !sameCertificates, challenges: !sameChallenges },
        });
      else {
        all ??= { ...this.book.all, drop: [] };
        this.tell(hostId, told, all, { whole: true, certificates: true, challenges: true });
      }
    }
    // Most changes of containers are none of their routes: those that are need not wait for them.
    if (!isTold) return;
    this.deps.logger.debug({ seq: this.seq }, 'routers: told');
    this.pausing = setTimeout(() => {
      this.pausing = undefined;
      if (this.due) this.round();
    }, this.deps.pauseMs ?? PAUSE_MS);
    this.pausing.unref();
  }

  private tell(
    hostId: string,
    told: Told,
    { http, tcp, drop }: RouteChanges,
    { whole, certificates, challenges }: Readonly<Record<'whole' | 'certificates' | 'challenges', boolean>>,
  ): void {
    const routes = partsOf<HttpRoute | TcpRoute>([...http, ...tcp]);
    const hasTls = told.version >= TLS_ROUTER_VERSION;
    const base = { seq: this.seq, base: hasTls ? this.base : withoutTls(this.base) };
    this.send(
      hostId,
      told,
      routes.map((part, i): RouterFrame => {
        const change: RouterChange = {
          ...base,
          whole: whole && i === 0,
          http: part.filter((route) => route.kind === 'http-route'),
          tcp: part.filter((route) => route.kind === 'tcp-route'),
          drop: i === 0 ? drop : [],
          keep: i === 0 && whole ? [...this.book.keep] : [],
          ...(i === 0 && hasTls && certificates ? { certificates: [...this.certificates] } : {}),
          ...(i === 0 && hasTls && challenges ? { challenges: [...this.challenges.list] } : {}),
          ...(i < routes.length - 1 ? { more: true } : {}),
        };
        return { t: 'router', change };
      }),
    );
    told.router = true;
  }

  private tellNone(hostId: string, told: Told): void {
    this.send(hostId, told, [{ t: 'no-router', seq: this.seq }]);
    told.router = false;
  }

  private send(hostId: string, told: Told, frames: readonly RouterFrame[]): void {
    try {
      for (const frame of frames) told.send(frame);
    } catch (thrown) {
      this.deps.logger.error({ host: hostId, error: messageOf(thrown) }, 'routes not sent');
    }
    told.seq = this.seq;
  }

  private baseOf(tx: ReadTx): RouterBase {
    const { routerImage, routerPort, routerTlsPort, routerTrust, routerProxyFrom, drainMs } = settingsOf(tx);
    const entry = { address: '0.0.0.0', proxyFrom: [...routerProxyFrom], trust: [...routerTrust] };
    // HAProxy does not start with a port for TLS and nothing to show.
    const isTls = routerTlsPort !== 0 && routerTlsPort !== routerPort && this.certificates.length > 0;
    return {
      image: routerImage,
      entries: [
        { ...entry, port: routerPort, tls: false },
        ...(isTls ? [{ ...entry, port: routerTlsPort, tls: true }] : []),
      ],
      ...(isTls && this.certificates.some(({ name }) => name === CLUSTER_CERTIFICATE)
        ? { defaultCertificate: CLUSTER_CERTIFICATE }
        : {}),
      cookieKey: this.deps.cookieKey,
      drainSeconds: Math.max(1, Math.ceil(drainMs / 1000)),
      ...(tx.count('acmeCertificates') > 0 ? { acme: true } : {}),
    };
  }
}

function withoutTls({ defaultCertificate: _, acme: __, ...base }: RouterBase): RouterBase {
  return { ...base, entries: base.entries.filter(({ tls }) => !tls) };
}
