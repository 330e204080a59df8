import type { Lab } from '../lab/lab.ts';

type Json = Readonly<Record<string, unknown>>;
/** What a file has come to: each value by its path. */
export type Outcome = ReadonlyMap<string, string>;

/** A difference that is meant: which paths have it, and why. */
export type Meant = Readonly<{ at: RegExp; why: string }>;

/** What belongs to one container's or network's life, and is never the same twice. */
const OWN = new RegExp(
  [
    /^container \S+ (Id|Created|State|Name|Node|GraphDriver|RestartCount|ExecIDs)\b/,
    /^container \S+ Config\.Labels\.com\.docker\.swarm\.constraints$/,
    /^container \S+ (ResolvConfPath|HostnamePath|HostsPath|LogPath)$/,
    /^container \S+ NetworkSettings\.(SandboxID|SandboxKey|Ports|EndpointID|Gateway|IP|MacAddress)/,
    /^container \S+ NetworkSettings\.Networks\.\S+\.(EndpointID|NetworkID|Gateway|IPAddress|IPPrefixLen|MacAddress|IPAMConfig\.\w+)$/,
    /^network \S+ (Id|Created|Containers|IPAM\.Config|Options)\b/,
    /^volume \S+ (CreatedAt|Mountpoint)$/,
    /^service \S+ (ID|CreatedAt|UpdatedAt|Version|PreviousSpec|UpdateStatus)\b/,
  ]
    .map(({ source }) => source)
    .join('|'),
);

/** Lists whose order means nothing. */
const SETS =
  /(Env|Aliases|Binds|CapAdd|CapDrop|ExtraHosts|Hosts|Ulimits|Mounts|Secrets|Configs|Networks|Ports)$/;

/** Maps whose keys alone say something. */
const KEYED = /(ExposedPorts|Volumes|Tmpfs|PortBindings)$/;

/**
 * Containers, networks and volumes of a project, and its services as Docker's clients see them.
 * @param words what stands for the project's own name, ports and so on: two projects of one file are alike then
 */
export async function outcomeOf(
  lab: Lab,
  project: string,
  words: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const named = (text: string) => plain(text, { ...words, [project]: 'PROJECT' });
  const docker = async (...args: string[]) =>
    (await lab.docker(args)).split('\n').filter((one) => one !== '');
  const inspect = async (ids: readonly string[], ...noun: string[]): Promise<Json[]> =>
    ids.length === 0 ? [] : (JSON.parse(named(await lab.docker([...noun, 'inspect', ...ids]))) as Json[]);
  const own = (names: readonly string[]) => names.filter((name) => name.startsWith(`${project}_`));
  const filter = ['--filter', `label=com.docker.compose.project=${project}`];
  const [containers, networks, volumes, services] = await Promise.all([
    docker('ps', '-aq', ...filter).then((ids) => inspect(ids, 'container')),
    docker('network', 'ls', '--format', '{{.Name}}').then((names) => inspect(own(names), 'network')),
    docker('volume', 'ls', '-q').then((names) => inspect(own(names), 'volume')),
    docker('service', 'ls', '--format', '{{.Name}}').then((names) => inspect(own(names), 'service')),
  ]);
  const found = new Map<string, string>();
  const take = (noun: string, things: readonly Json[]) => {
    for (const thing of things) {
      const name = nameOf(thing).replace(/^\//, '');
      found.set(`${noun} ${name}`, 'there');
      for (const [path, value] of leaves(thing, '')) found.set(`${noun} ${name} ${path}`, value);
    }
  };
  take('container', containers);
  take('network', networks);
  take('volume', volumes);
  take('service', services);
  return new Map([...found].filter(([path]) => !OWN.test(path)));
}

function nameOf(thing: Json): string {
  const spec = thing.Spec as { Name?: string } | undefined;
  return String(thing.Name ?? spec?.Name ?? '');
}

/** Without what belongs to one project, one host, or one thing. */
function plain(text: string, words: Readonly<Record<string, string>>): string {
  return Object.entries(words)
    .reduce((made, [word, place]) => made.replaceAll(word, place), text)
    .replace(/\/[^"\s]*\/docker\/volumes\//g, '/VOLUMES/')
    .replace(/\/berth-files\/\w+\//g, '/berth-files/HOST/')
    .replace(/(?<=["/])([0-9a-f]{64}|[0-9a-z]{25}|[0-9a-f]{12})\b/g, 'ID');
}

/** Each value that is no object. What is absent, null, empty, false or 0 is the same to an engine, and left out. */
function leaves(value: unknown, path: string): [path: string, value: string][] {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return [];
  if (typeof value !== 'object') return [[path, String(value)]];
  if (!Array.isArray(value))
    return Object.entries(value).flatMap(([key, one]) => {
      const below = leaves(one, path === '' ? key : `${path}.${key}`);
      // `80/tcp: {}`: the key says it all.
      return below.length === 0 && KEYED.test(path) ? [[`${path}.${key}`, '{}']] : below;
    });
  if (value.length === 0) return [];
  if (value.every((one) => typeof one !== 'object')) {
    const texts = value.map(String);
    return [[path, JSON.stringify(SETS.test(path) ? [...new Set(texts)].toSorted() : texts)]];
  }
  const texts = value.map((one) => JSON.stringify(one));
  const ordered = (SETS.test(path) ? texts.toSorted() : texts).map((one) => JSON.parse(one) as unknown);
  return ordered.flatMap((one, i) => leaves(one, `${path}[${i}]`));
}

/** Where two outcomes are not alike: `PATH: one | other`. */
export function differences(one: Outcome, other: Outcome): string[] {
  const paths = [...new Set([...one.keys(), ...other.keys()])].toSorted();
  return paths
    .filter((path) => one.get(path) !== other.get(path))
    .map((path) => `${path}: ${one.get(path) ?? '-'} | ${other.get(path) ?? '-'}`);
}

/** Differences that nobody has named, and names without a difference. */
export function unexplained(found: readonly string[], meant: readonly Meant[]): string[] {
  const used = new Set<Meant>();
  const left = found.filter((line) => {
    const reason = meant.find(({ at }) => at.test(line));
    if (reason !== undefined) used.add(reason);
    return reason === undefined;
  });
  const idle = meant.filter((one) => !used.has(one)).map(({ why }) => `no longer differs: ${why}`);
  return [...left, ...idle];
}
