import { BerthError } from '../../kit/errors.ts';
import { Claims, portClaims } from '../../model/claims.ts';
import { saysNo } from '../../model/restart-policy.ts';
import type { Service } from '../../model/service.ts';
import type { Pool } from '../../model/span.ts';
import { readOptions } from '../../model/spanning/options.ts';
import { readPools } from '../../model/spanning/pools.ts';
import { spanDriver } from '../../model/spanning/registry.ts';
import type { ExternalTarget, Stack, StackNetwork, StackVolume } from '../../model/stack.ts';
import { scopeProblem } from '../../model/volume-span.ts';
import { placeText, quoted } from '../problems.ts';
import type { Reader } from '../reader.ts';
import { EXTERNAL_KEY } from '../upgrade.ts';
import type { Outside } from './environment.ts';
import { externalOf, knowing, linkedExternals, warnOfNames } from './externals.ts';
import { stackFiles } from './files.ts';
import type { Siblings } from './networks.ts';
import { defined } from './resources.ts';
import { volumeName } from './rules.ts';
import { firstContainer, headOf, type ReadService, type ServiceHead, serviceOf } from './service.ts';

/** The driver of networks that say none: services of a stack reach each other on all hosts. */
const NETWORK_DRIVER = 'xoverlay';
/** Drivers whose networks are on one host each. */
const LOCAL_DRIVERS = ['bridge', 'macvlan', 'ipvlan'];

/** @param file the merged file, of which the services that are to run are left */
export function stackOf(file: Reader, project: string, outside: Outside): Stack {
  const all = file.get('services').entries;
  const isExternal = (service: Reader) => service.get(EXTERNAL_KEY).isThere;
  const heads = all
    .filter(([, one]) => !isExternal(one))
    .map(([name, one]) => headOf(name, one, project, outside));
  const externals = all.filter(([, one]) => isExternal(one)).map(([name, one]) => externalOf(name, one));
  const networks = networksOf(file.get('networks'), heads, project);
  const volumes = volumesOf(file.get('volumes'), project);
  const configs = stackFiles(file.get('configs'), 'config', project, outside);
  const secrets = stackFiles(file.get('secrets'), 'secret', project, outside);
  const context = {
    project,
    outside,
    siblings: siblingsOf(heads, externals, networks),
    volumes: new Map(volumes.map(({ key, spec }) => [key, spec.Name ?? key])),
    configs: new Set(configs.map(({ key }) => key)),
    secrets: new Set(secrets.map(({ key }) => key)),
    aliyun: heads.some(({ labels }) => labels.isAliyun),
  };
  const read = heads.map((head) => serviceOf(head, context));
  const outer = new Set(externals.map(({ name }) => name));
  const targets = [...externals, ...linkedExternals(heads, externals)].sort((a, b) =>
    compare(a.name, b.name),
  );
  checkDependencies(read, outer);
  checkRoutes(read);
  checkListeners(read);
  const spanning = new Set(
    networks.flatMap(({ spec }) => (LOCAL_DRIVERS.includes(spec.Driver ?? '') ? [] : (spec.Name ?? []))),
  );
  for (const [name, one] of all.filter(([, one]) => isExternal(one))) warnOfNames(name, one, read, spanning);
  const byKey = <T extends { key: string }>(list: readonly T[]) =>
    [...list].sort((a, b) => compare(a.key, b.key));
  return {
    kind: 'stack',
    name: project,
    services: completed(read, outer)
      .map((service) => knowing(service, targets))
      .sort((a, b) => compare(a.name, b.name)),
    externals: targets,
    networks: byKey(networks),
    volumes: byKey(volumes),
    configs: byKey(configs),
    secrets: byKey(secrets),
  };
}

/** By code units: the same on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function siblingsOf(
  heads: readonly ServiceHead[],
  externals: readonly ExternalTarget[],
  networks: readonly StackNetwork[],
): Siblings {
  const byName = new Map(heads.map((head) => [head.name, head]));
  const aliases = new Map<string, string[]>();
  for (const { reader } of heads)
    for (const link of reader.get('links').items) {
      const [name = '', alias = name] = (link.text ?? '').split(':');
      if (alias !== name && byName.has(alias))
        link.error(`gives ${quoted(name)} the name of another service, ${quoted(alias)}: choose another one`);
      if (alias !== name) aliases.set(name, [...new Set([...(aliases.get(name) ?? []), alias])]);
      if (!byName.has(name) && !externals.some((one) => one.name === name))
        link.error(`there is no service ${quoted(name)}`);
    }
  const networkNames = new Map(networks.map(({ key, spec }) => [key, spec.Name]));
  return {
    container: (service) => {
      const head = byName.get(service);
      return head === undefined ? undefined : firstContainer(head);
    },
    aliases: (service) => aliases.get(service) ?? [],
    network: (key) => networkNames.get(key),
  };
}

function networksOf(section: Reader, heads: readonly ServiceHead[], project: string): StackNetwork[] {
  const declared = section.entries;
  const usesDefault = heads.some(({ reader }) => {
    const keys = reader.get('networks').entries.map(([key]) => key);
    return !reader.get('network_mode').isThere && (keys.length === 0 || keys.includes('default'));
  });
  const own = declared.some(([key]) => key === 'default') || !usesDefault ? [] : [section.get('default')];
  const all = [...declared, ...own.map((reader) => ['default', reader] as const)];
  return all.map(([key, reader]) => networkOf(key, reader, project));
}

function networkOf(key: string, reader: Reader, project: string): StackNetwork {
  const external = reader.get('external').boolean ?? false;
  const name = reader.get('name').text ?? (external ? key : `${project}_${key}`);
  if (external) return { kind: 'stack-network', key, external, spec: { Name: name } };
  const given = reader.get('driver').text;
  const driver = given === undefined || given === 'default' || given === 'overlay' ? NETWORK_DRIVER : given;
  if (given === 'overlay')
    reader.get('driver').warn(`networks that span hosts have the driver ${NETWORK_DRIVER} here`);
  if (LOCAL_DRIVERS.includes(driver))
    reader
      .get('driver')
      .warn(
        `a ${driver} network is on one host, and holds all containers on it there; leave driver out to span hosts`,
      );
  const ipam = reader.get('ipam');
  const pools = ipam.get('config').items.map((pool) =>
    defined({
      Subnet: pool.get('subnet').text,
      IPRange: pool.get('ip_range').text,
      Gateway: pool.get('gateway').text,
      AuxiliaryAddresses: pool.get('aux_addresses').isThere ? pool.get('aux_addresses').pairs : undefined,
    }),
  );
  refuseSpan(driver, reader);
  const spec = {
    Name: name,
    Driver: driver,
    ...defined({
      Options: reader.get('driver_opts').isThere ? reader.get('driver_opts').pairs : undefined,
      Internal: reader.get('internal').boolean,
      Attachable: reader.get('attachable').boolean,
      EnableIPv4: reader.get('enable_ipv4').boolean,
      EnableIPv6: reader.get('enable_ipv6').boolean,
      IPAM: ipam.isThere
        ? defined({
            Driver: ipam.get('driver').text,
            Config: pools,
            Options: ipam.get('options').isThere ? ipam.get('options').pairs : undefined,
          })
        : undefined,
    }),
    Labels: {
      ...reader.get('labels').pairs,
      'com.docker.compose.project': project,
      'com.docker.compose.network': key,
    },
  };
  return { kind: 'stack-network', key, external, spec };
}

/** What the cluster's own drivers refuse when a network is made, with its place. */
function refuseSpan(name: string, reader: Reader): void {
  const driver = spanDriver(name);
  if (driver === undefined) return;
  told(reader.get('driver_opts'), () => readOptions(driver, reader.get('driver_opts').pairs));
  const config = reader.get('ipam').get('config');
  const pools = config.items.flatMap((pool) => {
    const text = (key: string) => pool.get(key).text;
    const subnet = text('subnet');
    if (subnet === undefined) pool.error('needs the key subnet');
    return subnet === undefined
      ? []
      : [defined({ subnet, range: text('ip_range'), gateway: text('gateway') }) as Pool];
  });
  told(config, () => readPools(pools));
  if (driver.subnets === 'outside' && pools.length === 0)
    reader.error(`is of the driver ${name}, and needs ipam.config with the subnet of its VLAN`);
}

function told(reader: Reader, read: () => unknown): void {
  try {
    read();
  } catch (thrown) {
    if (!(thrown instanceof BerthError)) throw thrown;
    reader.error(thrown.message);
  }
}

function volumesOf(section: Reader, project: string): StackVolume[] {
  return section.entries.map(([key, reader]) => {
    const external = reader.get('external').boolean ?? false;
    const Name = volumeName(reader.get('name')) ?? (external ? key : `${project}_${key}`);
    if (external) return { kind: 'stack-volume', key, external, spec: { Name } };
    const spec = {
      Name,
      Driver: reader.get('driver').text ?? 'local',
      ...defined({
        DriverOpts: reader.get('driver_opts').isThere ? reader.get('driver_opts').pairs : undefined,
      }),
      Labels: {
        ...reader.get('labels').pairs,
        'com.docker.compose.project': project,
        'com.docker.compose.volume': key,
      },
    };
    const problem = scopeProblem(spec);
    if (problem !== undefined) reader.get('labels').error(problem);
    return { kind: 'stack-volume', key, external, spec };
  });
}

/** What others wait for the end of runs to its end: an init container. */
function completed(read: readonly ReadService[], outer: ReadonlySet<string>): Service[] {
  const waitedFor = new Set(
    read.flatMap(({ service }) =>
      service.dependsOn.filter((one) => one.condition === 'completed').map((one) => one.service),
    ),
  );
  return read.map(({ service }) => {
    const runs: Service['runs'] =
      waitedFor.has(service.name) && service.runs.kind === 'service' ? { kind: 'job' } : service.runs;
    return {
      ...service,
      ...{ runs, container: runs.kind === 'service' ? service.container : withoutNo(service.container) },
      // What is outside is always there.
      dependsOn: service.dependsOn.filter((one) => !outer.has(one.service)),
    };
  });
}

/** What runs to its end is not started again anyway: to say so makes no other container. */
function withoutNo(container: Service['container']): Service['container'] {
  if (!saysNo(container)) return container;
  const { RestartPolicy: _, ...HostConfig } = container.HostConfig ?? {};
  return { ...container, HostConfig };
}

function checkDependencies(read: readonly ReadService[], outer: ReadonlySet<string>): void {
  const known = new Map(read.map((one) => [one.service.name, one]));
  for (const { service, dependencies } of read)
    for (const { dependency, reader } of dependencies) {
      if (dependency.service === service.name)
        reader.error(`${service.name} depends on itself: ${service.name} -> ${service.name}`);
      else if (dependency.required && !known.has(dependency.service) && !outer.has(dependency.service))
        reader.error(
          `there is no service ${quoted(dependency.service)} that runs: a profile may have left it out`,
        );
    }
  const cycle = cycleOf(new Map(read.map((one) => [one.service.name, edgesOf(one, known)])));
  if (cycle === undefined) return;
  const [first = '', second = ''] = cycle;
  const edge = known.get(first)?.dependencies.find(({ dependency }) => dependency.service === second);
  edge?.reader.error(`services depend on each other in a circle: ${cycle.join(' -> ')}`);
}

function edgesOf({ service, dependencies }: ReadService, known: ReadonlyMap<string, unknown>): string[] {
  return dependencies
    .map((one) => one.dependency.service)
    .filter((name) => name !== service.name && known.has(name));
}

/** A circle in a graph as its steps, the first one again at the end; undefined where there is none (Kahn, 1962). */
function cycleOf(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const waiting = new Map([...edges].map(([name, to]) => [name, new Set(to)]));
  const users = new Map<string, string[]>();
  for (const [name, to] of waiting)
    for (const one of to) {
      const list = users.get(one);
      if (list === undefined) users.set(one, [name]);
      else list.push(name);
    }
  const free = [...waiting].filter(([, to]) => to.size === 0).map(([name]) => name);
  for (let name = free.pop(); name !== undefined; name = free.pop()) {
    waiting.delete(name);
    for (const user of users.get(name) ?? []) {
      const to = waiting.get(user);
      if (to?.delete(name) && to.size === 0) free.push(user);
    }
  }
  const [start] = [...waiting.keys()].sort(compare);
  if (start === undefined) return undefined;
  const steps = [start];
  for (;;) {
    const next = [...(waiting.get(steps.at(-1) ?? '') ?? [])].find((name) => waiting.has(name)) ?? start;
    const before = steps.indexOf(next);
    steps.push(next);
    if (before >= 0) return steps.slice(before);
  }
}

/** The same domain and path twice: routers have one service for each. */
function checkRoutes(read: readonly ReadService[]): void {
  const taken = new Map<string, string>();
  for (const { service, routes } of read)
    for (const { route, reader } of routes) {
      const id = `${route.host.kind}:${route.host.name}${route.path.replace(/\/$/, '')}`;
      const other = taken.get(id);
      if (other === service.name) reader.error(`has the route ${route.host.name}${route.path} twice`);
      else if (other !== undefined)
        reader.error(
          `the route ${route.host.name}${route.path} is taken by the service ${quoted(other)}: choose another one; two versions of one service share requests with berth.release: canary or blue-green`,
        );
      else taken.set(id, service.name);
    }
}

/** Ports of the ingress hosts, on which tcp, http and https exclude each other. */
function checkListeners(read: readonly ReadService[]): void {
  const claims = new Claims();
  for (const { service, reader } of read)
    service.listeners.forEach((listener, i) => {
      const id = `${listener.frontPort}/${listener.protocol === 'udp' ? 'udp' : 'tcp'}`;
      for (const claim of portClaims(listener, id)) {
        const other = claims.take(`${i} ${service.name}`, claim)?.replace(/^\d+ /, '');
        if (other !== undefined)
          reader.error(
            other === service.name
              ? `listens on port ${claim.what} of the ingress hosts twice`
              : `listens on port ${claim.what} of the ingress hosts, and so does the service ${quoted(other)} (${placeText(reader.at)}): choose another port`,
          );
      }
    });
}
