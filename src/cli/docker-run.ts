import { BerthError } from '../kit/errors.ts';
import type { DockerSpec } from '../model/container.ts';
import type { OptionSpec } from './command.ts';
import { collect, collectLabels, type Parse, parseBytes, parseCpus, port } from './values.ts';

export type PublishedPort = Readonly<{
  ip: string;
  hostPort: string;
  containerPort: string;
  protocol: string;
}>;

export type DockerRunFlags = Readonly<{
  memory?: number;
  memoryReservation?: number;
  cpus?: number;
  cpuShares?: string;
  publish?: readonly PublishedPort[];
  publishAll?: boolean;
  expose?: readonly string[];
  env?: readonly string[];
  label?: Readonly<Record<string, string>>;
  volume?: readonly string[];
  volumesFrom?: readonly string[];
  link?: readonly string[];
  network?: string;
  restart?: string;
}>;

/** `[ip:][hostPort:]containerPort[/protocol]`, ports also as ranges of the same length, as `docker run -p`. */
const collectPorts: Parse = (text, previous, flag) => [
  ...((previous as readonly PublishedPort[] | undefined) ?? []),
  ...publishedPorts(text, flag),
];

export function publishedPorts(text: string, flag: string): PublishedPort[] {
  const wrong = (hint: string) =>
    new BerthError('bad_request', `${flag}: "${text}" cannot be published`, { hint });
  const found = /^(?:(?:(\[[^\]]*\]|[\d.]*):)?([\d-]*):)?([\d-]+)(?:\/(\w+))?$/.exec(text);
  if (found === null) throw wrong('write it as 8080:80, 127.0.0.1:8080:80/tcp or 8000-8010:8000-8010');
  const [, ip = '', hostText = '', containerText = '', protocol = 'tcp'] = found;
  if (!['tcp', 'udp', 'sctp'].includes(protocol)) throw wrong('the protocol is tcp, udp or sctp');
  const inside = range(containerText, flag);
  const outside = hostText === '' ? undefined : range(hostText, flag);
  if (outside !== undefined && outside.length !== inside.length) {
    throw wrong('both ranges need the same number of ports');
  }
  return inside.map((one, at) => ({
    ip: ip.replace(/^\[|\]$/g, ''),
    hostPort: outside === undefined ? '' : String(outside[at]),
    containerPort: String(one),
    protocol,
  }));
}

function range(text: string, flag: string): number[] {
  const [first = '', last = first] = text.split('-');
  const from = port(first, flag);
  const to = port(last, flag);
  if (to < from) {
    throw new BerthError('bad_request', `${flag}: the range "${text}" runs backwards`, {
      hint: 'write the smaller port first',
    });
  }
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

/** What `docker run` takes and what bears on placement; the rest of its usual flags is taken and changes nothing. */
export const dockerRunOptions: readonly OptionSpec[] = [
  { flags: '-m, --memory <BYTES>', summary: 'memory limit, such as 512m', parse: parseBytes },
  { flags: '--memory-reservation <BYTES>', summary: 'memory that is kept for it', parse: parseBytes },
  { flags: '--cpus <N>', summary: 'cores', parse: parseCpus },
  { flags: '-c, --cpu-shares <N>', summary: "CPU shares, as classic Swarm's users know them" },
  {
    flags: '-p, --publish <PORT>',
    summary: '[ip:][hostPort:]containerPort[/protocol]; may be given several times',
    parse: collectPorts,
  },
  { flags: '-P, --publish-all', summary: 'publish all exposed ports' },
  { flags: '--expose <PORT>', summary: 'a port that the container serves', parse: collect },
  {
    flags: '-e, --env <VALUE>',
    summary: 'KEY=VALUE, or an expression: constraint:rack==r1, affinity:container!=web*',
    parse: collect,
  },
  { flags: '-l, --label <KEY=VALUE>', summary: 'label of the container', parse: collectLabels },
  { flags: '-v, --volume <VOLUME>', summary: 'as docker run', parse: collect },
  { flags: '--volumes-from <CONTAINER>', summary: 'as docker run', parse: collect },
  { flags: '--link <CONTAINER>', summary: 'as docker run', parse: collect },
  { flags: '--net, --network <NETWORK>', summary: 'as docker run' },
  { flags: '--restart <POLICY>', summary: 'as docker run' },
  { flags: '-d, --detach', summary: 'taken from a docker run line; changes nothing' },
  { flags: '-i, --interactive', summary: 'the same' },
  { flags: '-t, --tty', summary: 'the same' },
  { flags: '--rm', summary: 'the same' },
];

/** The body of `POST /containers/create` for these flags, as the docker CLI would send it. */
export function dockerSpec(image: string, command: readonly string[], flags: DockerRunFlags): DockerSpec {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { ip, hostPort, containerPort, protocol } of flags.publish ?? []) {
    const key = `${containerPort}/${protocol}`;
    bindings[key] = [...(bindings[key] ?? []), { HostIp: ip, HostPort: hostPort }];
  }
  const exposed = [
    ...Object.keys(bindings),
    ...(flags.expose ?? []).map((one) => (one.includes('/') ? one : `${one}/tcp`)),
  ];
  const [policy, retries] = (flags.restart ?? '').split(':');
  return {
    Image: image,
    ...(command.length === 0 ? {} : { Cmd: [...command] }),
    ...(flags.env === undefined ? {} : { Env: [...flags.env] }),
    ...(flags.label === undefined ? {} : { Labels: { ...flags.label } }),
    ...(exposed.length === 0
      ? {}
      : { ExposedPorts: Object.fromEntries(exposed.map((one) => [one, {}] as const)) }),
    HostConfig: {
      ...(flags.memory === undefined ? {} : { Memory: flags.memory }),
      ...(flags.memoryReservation === undefined ? {} : { MemoryReservation: flags.memoryReservation }),
      ...(flags.cpus === undefined ? {} : { NanoCpus: Math.round(flags.cpus * 1e9) }),
      ...(flags.cpuShares === undefined ? {} : { CpuShares: shares(flags.cpuShares) }),
      ...(Object.keys(bindings).length === 0 ? {} : { PortBindings: bindings }),
      ...(flags.publishAll ? { PublishAllPorts: true } : {}),
      ...(flags.volume === undefined ? {} : { Binds: [...flags.volume] }),
      ...(flags.volumesFrom === undefined ? {} : { VolumesFrom: [...flags.volumesFrom] }),
      ...(flags.link === undefined ? {} : { Links: [...flags.link] }),
      ...(flags.network === undefined ? {} : { NetworkMode: flags.network }),
      ...(policy ? { RestartPolicy: { Name: policy, MaximumRetryCount: Number(retries ?? 0) || 0 } } : {}),
    },
  };
}

function shares(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new BerthError('bad_request', `--cpu-shares: "${text}" is not a whole number`);
}
