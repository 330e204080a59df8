import type { DockerSpec } from '../../model/container.ts';
import { quoted } from '../problems.ts';
import type { Reader } from '../reader.ts';
import type { Siblings } from './networks.ts';
import { defined } from './resources.ts';
import { absolutePath, hostAddress, ipAddress, macAddress, signalName } from './rules.ts';

type Fields = Record<string, unknown>;

/** What of a container's create body other files read. */
export type Parts = Readonly<{
  image: string;
  env: readonly string[];
  labels: Readonly<Record<string, string>>;
  exposed: Fields | undefined;
  hostConfig: Fields;
  endpoints: Fields | undefined;
}>;

/** The body of `POST /containers/create` for each container of a service. */
export function containerSpec(service: Reader, parts: Parts): DockerSpec {
  const command = service.get('command');
  const entrypoint = service.get('entrypoint');
  const grace = service.get('stop_grace_period').duration;
  return {
    Image: parts.image,
    ...defined({
      Cmd: command.isThere ? command.texts : undefined,
      // An empty list takes the image's away.
      Entrypoint: entrypoint.isThere ? (entrypoint.texts.length === 0 ? [''] : entrypoint.texts) : undefined,
      Env: parts.env.length === 0 ? undefined : [...parts.env],
      Hostname: service.get('hostname').text,
      Domainname: service.get('domainname').text,
      User: service.get('user').text,
      WorkingDir: absolutePath(service.get('working_dir')),
      MacAddress: macAddress(service.get('mac_address')),
      Tty: service.get('tty').boolean,
      OpenStdin: service.get('stdin_open').boolean,
      StopSignal: signalName(service.get('stop_signal')),
      StopTimeout: grace === undefined ? undefined : Math.ceil(grace / 1000),
      Healthcheck: healthcheck(service.get('healthcheck')),
      ExposedPorts: parts.exposed,
      NetworkingConfig: parts.endpoints === undefined ? undefined : { EndpointsConfig: parts.endpoints },
    }),
    Labels: { ...parts.labels },
    HostConfig: parts.hostConfig,
  };
}

/** Nanoseconds, as the engine wants them. */
function nanoseconds(reader: Reader): number | undefined {
  const milliseconds = reader.duration;
  // moby: daemon/container.go, validateHealthCheck; 0 is what the image says.
  if (milliseconds !== undefined && milliseconds > 0 && milliseconds < 1)
    return reader.error('is less than a millisecond');
  return milliseconds === undefined ? undefined : Math.round(milliseconds * 1e6);
}

function healthcheck(health: Reader): Fields | undefined {
  if (!health.isThere) return undefined;
  if (health.get('disable').boolean === true) return { Test: ['NONE'] };
  const test = health.get('test');
  const [kind] = test.texts;
  if (test.isThere && !['NONE', 'CMD', 'CMD-SHELL'].includes(kind ?? ''))
    test.error('must be a text, or a list that begins with CMD, CMD-SHELL or NONE');
  if ((kind === 'CMD' || kind === 'CMD-SHELL') && test.texts.length < 2)
    test.error(`has nothing behind ${kind}`);
  return defined({
    Test: test.isThere ? test.texts : undefined,
    Interval: nanoseconds(health.get('interval')),
    Timeout: nanoseconds(health.get('timeout')),
    StartPeriod: nanoseconds(health.get('start_period')),
    StartInterval: nanoseconds(health.get('start_interval')),
    Retries: health.get('retries').whole(0, 1_000_000),
  });
}

const texts = (reader: Reader) => (reader.isThere ? reader.texts : undefined);

/** `HostConfig` but for resources, ports, mounts, restart and network, which have files of their own. */
export function hostFields(service: Reader, siblings: Siblings): Fields {
  const get = (key: string) => service.get(key);
  return defined({
    Privileged: get('privileged').boolean,
    ReadonlyRootfs: get('read_only').boolean,
    Init: get('init').boolean,
    OomKillDisable: get('oom_kill_disable').boolean,
    OomScoreAdj: get('oom_score_adj').whole(-1000, 1000),
    CapAdd: texts(get('cap_add')),
    CapDrop: texts(get('cap_drop')),
    CgroupParent: get('cgroup_parent').text,
    CgroupnsMode: get('cgroup').oneOf(['host', 'private']),
    DeviceCgroupRules: texts(get('device_cgroup_rules')),
    Devices: devices(get('devices')),
    DeviceRequests: deviceRequests(service),
    Dns: addresses(get('dns')),
    DnsOptions: texts(get('dns_opt')),
    DnsSearch: texts(get('dns_search')),
    ExtraHosts: extraHosts(get('extra_hosts')),
    GroupAdd: texts(get('group_add')),
    IpcMode: peer(get('ipc'), siblings),
    PidMode: peer(get('pid'), siblings),
    UTSMode: get('uts').text,
    UsernsMode: get('userns_mode').text,
    Runtime: get('runtime').text,
    SecurityOpt: securityOptions(get('security_opt')),
    StorageOpt: get('storage_opt').isThere ? get('storage_opt').pairs : undefined,
    Sysctls: get('sysctls').isThere ? get('sysctls').pairs : undefined,
    Ulimits: ulimits(get('ulimits')),
    LogConfig: logConfig(get('logging')),
    VolumesFrom: volumesFrom(get('volumes_from'), siblings),
    Links: externalLinks(get('external_links')),
    Annotations: get('annotations').isThere ? get('annotations').pairs : undefined,
  });
}

/** `service:NAME` as the engine's `container:NAME`. */
function peer(reader: Reader, siblings: Siblings): string | undefined {
  const service = /^service:(.+)$/.exec(reader.text ?? '')?.[1];
  if (service === undefined) return reader.text;
  const container = siblings.container(service);
  return container === undefined
    ? reader.error(`there is no service ${quoted(service)}`)
    : `container:${container}`;
}

function devices(reader: Reader): Fields[] | undefined {
  if (!reader.isThere) return undefined;
  const paths = reader.items.filter((item) => !(item.get('source').text ?? '').includes('='));
  return paths.map((item) => ({
    PathOnHost: item.get('source').text,
    PathInContainer: item.get('target').text ?? item.get('source').text,
    CgroupPermissions: item.get('permissions').text ?? 'rwm',
  }));
}

/** GPUs and other devices that a driver hands out, and those by their CDI names. */
function deviceRequests(service: Reader): Fields[] | undefined {
  const reserved = service.get('deploy').get('resources').get('reservations').get('devices');
  const gpus = service
    .get('gpus')
    .items.map((item) => request(item, [['gpu', ...item.get('capabilities').texts]]));
  const asked = reserved.items.map((item) => request(item, [item.get('capabilities').texts]));
  const named = service
    .get('devices')
    .items.flatMap((item) => item.get('source').text ?? [])
    .filter((source) => source.includes('='));
  const cdi = named.length === 0 ? [] : [{ Driver: 'cdi', DeviceIDs: named }];
  const all = [...gpus, ...asked, ...cdi];
  return all.length === 0 ? undefined : all;
}

function request(item: Reader, capabilities: string[][]): Fields {
  const count = item.get('count');
  const ids = item.get('device_ids');
  if (count.isThere && ids.isThere) count.error('stands beside device_ids: only one of them is possible');
  return defined({
    Driver: item.get('driver').text,
    Count: ids.isThere ? undefined : count.text === 'all' || !count.isThere ? -1 : count.whole(0, 1000),
    DeviceIDs: ids.isThere ? ids.texts : undefined,
    Capabilities: capabilities,
    Options: item.get('options').isThere ? item.get('options').pairs : undefined,
  });
}

function addresses(reader: Reader): string[] | undefined {
  if (!reader.isThere) return undefined;
  return (reader.items.length === 0 ? [reader] : reader.items).flatMap((item) => ipAddress(item) ?? []);
}

function extraHosts(reader: Reader): string[] | undefined {
  if (!reader.isThere) return undefined;
  return reader.entries.flatMap(([name, addresses]) =>
    (addresses.items.length === 0 ? [addresses] : addresses.items).flatMap((item) => {
      const address = hostAddress(item);
      return address === undefined ? [] : `${name}:${address.replace(/^\[|\]$/g, '')}`;
    }),
  );
}

/** Docker CLI reads the file of `seccomp=FILE` on the user's machine; a cluster's hosts do not have it. */
function securityOptions(reader: Reader): string[] | undefined {
  if (!reader.isThere) return undefined;
  for (const item of reader.items) {
    const file = /^seccomp[:=](.+)$/.exec(item.text ?? '')?.[1];
    if (file !== undefined && file !== 'unconfined' && !file.startsWith('{') && file !== 'builtin')
      item.error(`names the file ${quoted(file)}: write the profile itself, unconfined, or builtin`);
  }
  return reader.texts;
}

function ulimits(reader: Reader): Fields[] | undefined {
  if (!reader.isThere) return undefined;
  return reader.entries.map(([Name, limit]) => {
    const [Soft, Hard] = [limit.get('soft').whole(-1), limit.get('hard').whole(-1)];
    if (Soft !== undefined && Hard !== undefined && Hard !== -1 && (Soft === -1 || Soft > Hard))
      limit.error(`soft ${Soft} is more than hard ${Hard}`);
    return { Name, Soft, Hard };
  });
}

function logConfig(reader: Reader): Fields | undefined {
  if (!reader.isThere) return undefined;
  return defined({
    Type: reader.get('driver').text,
    Config: reader.get('options').isThere ? reader.get('options').pairs : undefined,
  });
}

/** `SERVICE[:ro]` or `container:NAME[:ro]`. */
function volumesFrom(reader: Reader, siblings: Siblings): string[] | undefined {
  if (!reader.isThere) return undefined;
  return reader.items.flatMap((item) => {
    const [, kind, name = '', mode = ''] = /^(container:)?([^:]+)(:(?:ro|rw))?$/.exec(item.text ?? '') ?? [];
    if (name === '')
      return item.error(`${quoted(item.text ?? '')}: write SERVICE, SERVICE:ro or container:NAME`) ?? [];
    if (kind !== undefined) return `${name}${mode}`;
    const container = siblings.container(name);
    return container === undefined
      ? (item.error(`there is no service ${quoted(name)}`) ?? [])
      : `${container}${mode}`;
  });
}

function externalLinks(reader: Reader): string[] | undefined {
  if (!reader.isThere) return undefined;
  return reader.texts.map((text) => (text.includes(':') ? text : `${text}:${text}`));
}
