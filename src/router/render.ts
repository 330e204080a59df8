import { createHash } from 'node:crypto';
import {
  type HttpRoute,
  PAGE_NAMES,
  type Pool,
  type RouterState,
  SERVICE_STICKY,
  type TcpRoute,
} from '../model/router.ts';
import { certificateTable } from './certificate.ts';
import { baseLines, domainSample, hasPaths } from './frontends.ts';
import { httpBackendLines, stickyLine } from './http-route.ts';
import {
  APPS,
  checkLines,
  httpBackend,
  type Layout,
  type SpareRoutes,
  spareBackend,
  tcpBackend,
} from './layout.ts';
import { pageText } from './pages.ts';
import { serversOf, serverWords } from './servers.ts';
import {
  type Fixed,
  type GoneRoute,
  type Kept,
  keptText,
  NOBODY_PLACED,
  NOTHING_KEPT,
  type Placed,
  place,
  SPARE_KINDS,
  SPARES,
  type SpareKind,
  spareKind,
  spareRoutes,
  takenSpares,
} from './spares.ts';
import type { WantedBackend, WantedTables } from './tables.ts';

/** What a state is for HAProxy. */
export type Rendered = Readonly<{
  /** By name in the folder of the configuration. Strings of files that have not changed are the same. */
  files: ReadonlyMap<string, string>;
  tables: WantedTables;
  /** Of all that cannot be changed without a reload; HAProxy says it as its description. */
  digest: string;
  spares: SpareRoutes;
}>;

/** Where it is kept which routes are in spare backends. */
export const SPARES_FILE = 'spares.json';

/** Backends are in as many files, so that a change writes some kilobytes, and not the whole configuration. */
const SHARDS = 64;

type Part = Readonly<{
  fixed: string;
  whole: string;
  backends: ReadonlyMap<string, WantedBackend>;
  hash: string;
  /** Of which kind a spare backend has to be for it. */
  spare: SpareKind | undefined;
}>;

/** What is in a spare backend beside servers. */
const SPARE_LINES: Readonly<Record<SpareKind, readonly string[]>> = {
  plain: [],
  sticky: [stickyLine(SERVICE_STICKY)],
};
const emptySpare = (number: number): WantedBackend => ({
  servers: new Map(),
  sticky: spareKind(number) === 'sticky',
});

type RenderedMaps = Readonly<{
  /** What they were made from. */
  of: readonly unknown[];
  maps: WantedTables['maps'];
  texts: readonly (readonly [file: string, text: string])[];
}>;

/** Renders states, and remembers what it made of routes: pass those that have not changed as the same objects. */
export class Renderer {
  private readonly parts = new WeakMap<HttpRoute | TcpRoute, Part>();
  private shards: readonly Readonly<{ parts: readonly Part[]; text: string; hash: string }>[] = [];

  private maps: RenderedMaps | undefined;
  private fixed: Fixed | undefined;
  /** Routes that have backends of their own. */
  private own: ReadonlyMap<string, Part> = new Map();
  /** Those that have gone and are in the configuration still, without servers. */
  private readonly gone: Map<string, Part>;
  private placed: Placed;

  /** @param kept by an earlier process */
  constructor(
    private readonly layout: Layout,
    kept: Kept = NOTHING_KEPT,
  ) {
    this.placed = kept.placed;
    this.gone = new Map([...kept.gone].map(([id, one]) => [id, partOfGone(one)]));
  }

  /** @throws BerthError `bad_request` for a certificate that is none, or whose key belongs to another one */
  render(state: RouterState): Rendered {
    const { layout } = this;
    const base = baseLines(state, layout);
    const domain = domainSample(state);
    const pages = PAGE_NAMES.map(
      (name) => [`pages/${name}.txt`, pageText(name, state.pages, domain)] as const,
    );
    const baseHash = createHash('sha256')
      .update(JSON.stringify([base, pages, SPARES, SPARE_LINES]))
      .digest('hex');
    const routes = [...state.routes, ...state.tcpRoutes];
    this.place(baseHash, routes);
    const own = new Map([...this.own, ...this.gone]);
    const parts = [...own.values()];
    this.shards = this.intoShards([...own.keys()], parts);
    const { maps, texts } = this.renderMaps(state);
    const certificates = certificateTable(state.certificates, layout);
    const hash = createHash('sha256').update(baseHash);
    for (const shard of this.shards) hash.update(shard.hash);
    const digest = hash.digest('hex').slice(0, 32);
    const spares = this.spareBackends(routes);
    const files = new Map<string, string>([
      [
        SPARES_FILE,
        keptText({
          placed: this.placed,
          gone: new Map([...this.gone].map(([id, part]) => [id, goneOf(part)])),
        }),
      ],
      ['conf.d/00-base.cfg', text(base).replace('\nglobal\n', `\nglobal\n  description ${digest}\n`)],
      ...this.shards.map((shard, i) => [`conf.d/${shardName(i)}`, shard.text] as const),
      ['conf.d/20-spares.cfg', sparesText(spares)],
      ...pages,
      ['certificates.list', text(certificateOrder(state).map(layout.certificate))],
      ...state.certificates.map(({ name, pem }) => [`certificates/${name}.pem`, pem] as const),
      ...texts,
    ]);
    const backends = new Map([
      ...parts.flatMap((part) => [...part.backends]),
      // Those of routes that have gone too: their servers leave.
      ...takenSpares(this.placed).map(
        (number) => [spareBackend(number), spares[number] ?? emptySpare(number)] as const,
      ),
    ]);
    return {
      files,
      tables: {
        backends,
        maps,
        certificates,
        ...{ certificateList: layout.certificateList, cookieKey: state.cookieKey },
      },
      digest,
      spares: spareRoutes(this.placed),
    };
  }

  private place(base: string, routes: readonly (HttpRoute | TcpRoute)[]): void {
    const wanted = routes.map((route) => {
      const { hash, spare } = this.part(route);
      return { id: route.id, hash, spare };
    });
    const isFirst = this.fixed === undefined;
    this.placed = place(this.fixed, this.placed, base, wanted);
    const { routes: placed } = this.placed;
    const before = this.own;
    this.own = new Map(
      routes.flatMap((route) => (placed.has(route.id) ? [] : [[route.id, this.part(route)] as const])),
    );
    const isAnew = !isFirst && this.placed === NOBODY_PLACED;
    if (isAnew) this.gone.clear();
    for (const id of this.gone.keys()) if (this.own.has(id)) this.gone.delete(id);
    if (!isAnew)
      for (const [id, part] of before) if (!this.own.has(id)) this.gone.set(id, partOfGone(goneOf(part)));
    if (!isFirst && !isAnew) return;
    const all = [...this.own, ...this.gone].map(([id, { hash }]) => [id, hash] as const);
    this.fixed = { base, own: new Map(all) };
  }

  /** All of them, by number. */
  private spareBackends(routes: readonly (HttpRoute | TcpRoute)[]): readonly WantedBackend[] {
    const { routes: placed } = this.placed;
    const all = Array.from({ length: SPARES * SPARE_KINDS.length }, (_, i) => emptySpare(i));
    if (placed.size === 0) return all;
    for (const route of routes) {
      const number = placed.get(route.id);
      if (number !== undefined)
        all[number] = this.part(route).backends.get(httpBackend(route.id)) ?? emptySpare(number);
    }
    return all;
  }

  /** The backend that a route's names lead to. */
  private readonly backendOf = (id: string): string => {
    const number = this.placed.routes.get(id);
    return number === undefined ? httpBackend(id) : spareBackend(number);
  };

  /** Made anew only where a name has changed: a weight among 10,000 routes does not touch them. */
  private renderMaps(state: RouterState): RenderedMaps {
    const { routes, tcpRoutes, challenges } = state;
    const of = [
      challenges,
      ...routes.flatMap(({ id, names }) => [this.backendOf(id), names]),
      ...tcpRoutes.flatMap(({ id, port, names }) => [id, port, names]),
    ];
    const before = this.maps;
    if (before?.of.length === of.length && of.every((one, i) => one === before.of[i])) return before;
    const maps = mapsOf(state, this.layout, this.backendOf);
    const folder = this.layout.routes.lastIndexOf('/') + 1;
    const texts = [...maps].map(([file, map]) => [file.slice(folder), mapText(map)] as const);
    this.maps = { of, maps, texts };
    return this.maps;
  }

  private part(route: HttpRoute | TcpRoute): Part {
    const known = this.parts.get(route);
    if (known !== undefined) return known;
    const made = route.kind === 'http-route' ? httpPart(route) : tcpPart(route);
    this.parts.set(route, made);
    return made;
  }

  private intoShards(ids: readonly string[], parts: readonly Part[]) {
    const members: Part[][] = Array.from({ length: SHARDS }, () => []);
    parts.forEach((part, i) => {
      members[shardOf(ids[i] ?? '')]?.push(part);
    });
    return members.map((own, i) => {
      const before = this.shards[i];
      if (before?.parts.length === own.length && own.every((part, k) => part === before.parts[k]))
        return before;
      const hash = createHash('sha256');
      // In no order: a route that comes back is the same one.
      for (const part of own.map((one) => one.hash).sort()) hash.update(part);
      return { parts: own, text: text(own.map(({ whole }) => whole)), hash: hash.digest('hex') };
    });
  }
}

const text = (lines: readonly string[]) =>
  `${['# Made by Berth, which overwrites it.', ...lines].join('\n')}\n`;
const shardName = (i: number) => `10-backends-${String(i).padStart(2, '0')}.cfg`;

function shardOf(id: string): number {
  let hash = 0;
  for (let i = 0; i < id.length; i++) hash = (hash * 31 + id.charCodeAt(i)) >>> 0;
  return hash % SHARDS;
}

function sparesText(spares: readonly WantedBackend[]): string {
  return text(
    spares.map(({ servers }, i) =>
      [`backend ${spareBackend(i)} from ${APPS}`, ...SPARE_LINES[spareKind(i)], ...serverLines(servers)].join(
        '\n  ',
      ),
    ),
  );
}

const serverLines = (servers: WantedBackend['servers']) =>
  [...servers].map(([server, setting]) => `server ${serverWords(server, setting)}`);

function httpPart(route: HttpRoute): Part {
  const lines = httpBackendLines(route);
  const [, ...rules] = lines;
  const spare = SPARE_KINDS.find(
    (kind) => route.canary.length === 0 && SPARE_LINES[kind].join('\n') === rules.join('\n'),
  );
  const alone = new Set(route.canary.map(({ pool }) => pool));
  const sticky = route.rules.sticky !== undefined;
  const own = [
    backendPart(lines, httpBackend(route.id), route.pools, sticky),
    ...route.pools
      .filter(({ id }) => alone.has(id))
      .map((pool) =>
        // The rule has chosen: a weight of 0 is for all others.
        backendPart(
          httpBackendLines(route, pool.id),
          httpBackend(route.id, pool.id),
          [{ ...pool, weight: 1 }],
          sticky,
        ),
      ),
  ];
  return makePart(own, spare);
}

function tcpPart(route: TcpRoute): Part {
  const name = tcpBackend(route.id);
  const lines = [`backend ${name} from tcp`, ...checkLines(route.pools, 'localhost')];
  return makePart([backendPart(lines, name, route.pools, false)], undefined);
}

function backendPart(lines: readonly string[], name: string, pools: readonly Pool[], sticky: boolean) {
  const servers = serversOf(pools);
  const fixed = lines.join('\n  ');
  const whole = [fixed, ...serverLines(servers)].join('\n  ');
  return { fixed, whole, name, backend: { servers, sticky } };
}

function makePart(own: readonly ReturnType<typeof backendPart>[], spare: SpareKind | undefined): Part {
  const fixed = own.map((one) => one.fixed).join('\n');
  return {
    fixed,
    whole: own.map((one) => one.whole).join('\n'),
    backends: new Map(own.map(({ name, backend }) => [name, backend])),
    hash: createHash('sha256').update(fixed).digest('hex'),
    spare,
  };
}

function goneOf({ fixed, backends }: Part): GoneRoute {
  const names = [...backends].map(([name, { sticky }]) => [name, sticky] as const);
  return { fixed, backends: Object.fromEntries(names) };
}

/** Without servers: nobody's names lead to it. */
function partOfGone({ fixed, backends }: GoneRoute): Part {
  const empty = Object.entries(backends).map(
    ([name, sticky]) => [name, { servers: new Map(), sticky }] as const,
  );
  const hash = createHash('sha256').update(fixed).digest('hex');
  return { fixed, whole: fixed, backends: new Map(empty), hash, spare: undefined };
}

function mapsOf(
  { routes, tcpRoutes, challenges }: RouterState,
  layout: Layout,
  backendOf: (id: string) => string,
) {
  const maps = new Map<string, Map<string, string>>([[layout.routes, new Map()]]);
  const withPaths = hasPaths(routes);
  const keyOf = (domain: string, path: string) =>
    withPaths ? `${domain}${path === '/' ? '' : path}/` : domain;
  for (const { id, names } of routes)
    for (const { domain, path } of names) maps.get(layout.routes)?.set(keyOf(domain, path), backendOf(id));
  if (challenges !== undefined)
    maps.set(layout.challenges, new Map(challenges.map(({ token, answer }) => [token, answer])));
  for (const { id, port, names } of tcpRoutes) {
    if (names.length === 0) continue;
    const map = maps.get(layout.names(port)) ?? new Map<string, string>();
    for (const name of names) map.set(name, tcpBackend(id));
    maps.set(layout.names(port), map);
  }
  return maps;
}

function mapText(map: ReadonlyMap<string, string>): string {
  let lines = '';
  for (const [key, value] of map) lines += `${key} ${value}\n`;
  return lines;
}

function certificateOrder({ certificates, defaultCertificate }: RouterState): readonly string[] {
  const names = certificates.map(({ name }) => name);
  return [
    ...names.filter((name) => name === defaultCertificate),
    ...names.filter((name) => name !== defaultCertificate),
  ];
}
