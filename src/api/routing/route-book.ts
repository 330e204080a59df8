import type { RouterChange } from '../../contract/link.ts';
import { stableJson } from '../../kit/digest.ts';
import { type Claim, Claims, portClaims } from '../../model/claims.ts';
import { serviceKey } from '../../model/deployment.ts';
import { leavesRouters } from '../../model/readiness.ts';
import type { HttpRoute, TcpRoute } from '../../model/router.ts';
import type { ServedRoutes } from '../../model/service-routes.ts';
import type { Change, ReadTx, Store } from '../../store/store.ts';
import { BalancerNames } from './balancer-names.ts';
import { balancerKey, ownerKeys, ownerOf, type RouteOwner } from './route-owners.ts';
import type { ContainerWay } from './service-ways.ts';

/** What of all routes is new. */
export type RouteChanges = Pick<RouterChange, 'http' | 'tcp' | 'drop'>;

/** A container that leaves, and the servers that it is in routers. */
type Leaving = { seq: number | undefined; servers: readonly string[] };

const NOTHING: ServedRoutes = { http: [], tcp: [] };

/** All routes of services and balancers as the routers are to have them, and what of that has changed. */
export class RouteBook {
  private readonly served = new Map<string, ServedRoutes>();
  /** Services whose containers have not all been seen yet, with the IDs of their routes. */
  private readonly unheard = new Map<string, readonly string[]>();
  private readonly dirty = new Set<string>();
  private readonly leaving = new Map<string, Leaving>();
  /** Names and ports: of two services that want one only one gets it. */
  private readonly claims = new Claims();
  /** Services that want a name which another one has. */
  private readonly waiting = new Set<string>();

  private readonly balancers: BalancerNames;

  constructor(private readonly store: Store) {
    this.balancers = new BalancerNames(store);
    this.dirtyAll();
  }

  /** Notes which services may be other ones now. */
  note(changes: readonly Change[]): void {
    for (const change of changes) this.noteOne(change);
  }

  dirtyAll(): void {
    for (const key of this.store.view((tx) => [...ownerKeys(tx)])) this.dirty.add(key);
    this.balancers.readAll();
  }

  get isDirty(): boolean {
    return this.dirty.size > 0;
  }

  /** IDs of a service's routes, as routers have them. */
  idsOf(service: string): readonly string[] {
    const { http, tcp } = this.served.get(service) ?? NOTHING;
    return [...http.map(({ id }) => id), ...tcp.map(({ id }) => id), ...(this.unheard.get(service) ?? [])];
  }

  /** IDs of routes that stay as routers have them. */
  get keep(): readonly string[] {
    return [...this.unheard.values()].flat();
  }

  /** Whether there is anything for a router to serve. */
  get some(): boolean {
    if (this.unheard.size > 0) return true;
    for (const { http, tcp } of this.served.values()) if (http.length + tcp.length > 0) return true;
    return false;
  }

  get all(): Pick<RouterChange, 'http' | 'tcp'> {
    const served = [...this.served.values()];
    return { http: served.flatMap(({ http }) => http), tcp: served.flatMap(({ tcp }) => tcp) };
  }

  /**
   * Works out anew what was noted.
   * @param seq number of the change in which routers are told
   * @param patient what is on hosts that have not reported yet may still come
   */
  refresh(seq: number, patient: boolean): RouteChanges {
    const changes: RouteChanges = { http: [], tcp: [], drop: [] };
    // Twice: what one has given up may be another's, which waits for it.
    for (let pass = 0; pass < 2; pass++) {
      const keys = [...this.dirty];
      this.dirty.clear();
      this.store.view((tx) => {
        for (const key of keys) this.refreshOne(tx, key, ownerOf(tx, key), { patient, seq, changes });
      });
    }
    return changes;
  }

  /** The change in which routers were told that a container leaves, and the servers that it was; undefined before that. */
  toldOf(containerId: string): Readonly<{ seq: number; servers: readonly string[] }> | undefined {
    const known = this.leaving.get(containerId);
    return known?.seq === undefined ? undefined : { seq: known.seq, servers: known.servers };
  }

  private refreshOne(
    tx: ReadTx,
    key: string,
    owner: RouteOwner | undefined,
    { patient, seq, changes }: Readonly<{ patient: boolean; seq: number; changes: RouteChanges }>,
  ): void {
    this.unheard.delete(key);
    const known = this.served.get(key) ?? NOTHING;
    let next = NOTHING;
    if (owner !== undefined) {
      if (patient && !this.served.has(key) && owner.unheard) {
        const ids = owner.ids();
        if (ids.length > 0) this.unheard.set(key, ids);
        return;
      }
      const { routes, ways } = owner.served();
      next = this.withoutTaken(key, routes);
      this.noteLeaving(tx, key, ways, seq);
    }
    const before = new Map([...known.http, ...known.tcp].map((route) => [route.id, route]));
    const http = next.http.map((route) => this.sameOr(before, route));
    const tcp = next.tcp.map((route) => this.sameOr(before, route));
    changes.http.push(...http.filter((route) => before.get(route.id) !== route));
    changes.tcp.push(...tcp.filter((route) => before.get(route.id) !== route));
    const ids = new Set([...http, ...tcp].map(({ id }) => id));
    changes.drop.push(...[...before.keys()].filter((id) => !ids.has(id)));
    if (http.length + tcp.length > 0 || owner !== undefined) this.served.set(key, { http, tcp });
    else this.served.delete(key);
    if (owner === undefined) this.giveUp(key, new Set());
  }

  /** The object that was there before, where it says the same: it is not told again. */
  private sameOr<R extends HttpRoute | TcpRoute>(
    before: ReadonlyMap<string, HttpRoute | TcpRoute>,
    route: R,
  ): R {
    const known = before.get(route.id);
    return known !== undefined && stableJson(known) === stableJson(route) ? (known as R) : route;
  }

  /** Names and ports are refused at deployment where another has them; one that was rolled back may find its own taken. */
  private withoutTaken(key: string, { http, tcp }: ServedRoutes): ServedRoutes {
    const kept = new Set<string>();
    const isFree = (claims: readonly Claim[]) =>
      claims.every((claim) => {
        if (this.claims.take(key, claim) !== undefined) {
          this.waiting.add(key);
          return false;
        }
        kept.add(claim.what);
        return true;
      });
    const free: ServedRoutes = {
      http: http.flatMap((route) => {
        const names = route.names.filter(({ domain, path }) =>
          isFree([{ what: `${domain}${path}`, shared: false }]),
        );
        return names.length === 0 ? [] : [names.length === route.names.length ? route : { ...route, names }];
      }),
      tcp: tcp.filter(({ port, names }) => isFree(portClaims({ names: [...names] }, `:${port}`))),
    };
    this.giveUp(key, kept);
    return free;
  }

  private giveUp(key: string, kept: ReadonlySet<string>): void {
    if (!this.claims.giveUp(key, kept)) return;
    for (const other of this.waiting) this.dirty.add(other);
    this.waiting.clear();
  }

  private noteLeaving(tx: ReadTx, key: string, ways: readonly ContainerWay[], seq: number): void {
    for (const container of tx.by('containers', 'stackService', key)) {
      // One that has moved leaves no more.
      if (!leavesRouters(container)) this.leaving.delete(container.id);
      else if (this.leaving.get(container.id)?.seq === undefined)
        this.leaving.set(container.id, { seq, servers: [] });
    }
    for (const { id, leaving, at, spec } of ways) {
      const known = this.leaving.get(id);
      if (!leaving || known === undefined) continue;
      const ports = [...spec.routes, ...spec.listeners].flatMap(({ port }) => at(port) ?? []);
      known.servers = ports.map(({ address, port }) => `${address} ${port}`);
    }
  }

  private noteOne(change: Change): void {
    switch (change.table) {
      case 'services':
        this.dirtyService(change.after ?? change.before);
        return;
      case 'releases': {
        const { stack, service: name } = change.after ?? change.before ?? {};
        if (stack !== undefined && name !== undefined) this.dirtyService({ stack, name });
        return;
      }
      case 'balancers':
        this.balancers.take(change.key, change.after);
        this.dirty.add(balancerKey(change.key));
        return;
      case 'containers':
        this.dirtyService(change.after?.service ?? change.before?.service);
        this.dirtyNamed(change.after?.name, change.before?.name);
        if (change.after === undefined) this.leaving.delete(change.key);
        return;
      case 'observedContainers': {
        const id = change.after?.clusterId ?? change.before?.clusterId;
        if (id !== undefined) this.dirtyService(this.store.view((tx) => tx.get('containers', id)?.service));
        this.dirtyNamed(change.after?.name, change.before?.name);
        return;
      }
      case 'hostStatus': {
        const { before, after } = change;
        const same =
          before?.state === after?.state &&
          before?.silent === after?.silent &&
          before?.reported === after?.reported &&
          before?.dataAddress === after?.dataAddress;
        if (!same) this.dirtyHost(change.key);
        return;
      }
      case 'settings':
        this.dirtyAll();
    }
  }

  private dirtyHost(hostId: string): void {
    for (const { service } of this.store.view((tx) => [...tx.by('containers', 'host', hostId)]))
      this.dirtyService(service);
    for (const key of this.balancers.all) this.dirty.add(key);
  }

  /** Balancers that lead to a container of one of these names. */
  private dirtyNamed(...names: readonly (string | undefined)[]): void {
    for (const name of names)
      if (name !== undefined) for (const key of this.balancers.leadingTo(name)) this.dirty.add(key);
  }

  private dirtyService(found: Readonly<{ stack: string; name: string }> | undefined): void {
    if (found === undefined) return;
    const key = serviceKey(found.stack, found.name);
    const service = this.store.view((tx) => tx.get('services', key)?.service);
    const { http, tcp } = this.served.get(key) ?? NOTHING;
    const has = service === undefined || service.routes.length + service.listeners.length > 0;
    if (has || http.length + tcp.length > 0) this.dirty.add(key);
  }
}
