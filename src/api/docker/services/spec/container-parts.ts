import { BerthError } from '../../../../kit/errors.ts';
import { at, isAbsent, isZero, type Json, type Part, withContainer } from './part.ts';

const SPEC = 'TaskTemplate.ContainerSpec';
const SECOND = 1_000_000_000;

/** A field that both have in the same shape. */
function same(path: string, field: string, absent: (value: unknown) => boolean = isAbsent): Part {
  return {
    path,
    read: ({ container }) => {
      const value = at(container, field);
      return absent(value) ? undefined : value;
    },
    write: (service, value) => withContainer(service, field, absent(value) ? undefined : value),
  };
}

const grace: Part = {
  path: `${SPEC}.StopGracePeriod`,
  read: ({ container: { StopTimeout } }) =>
    typeof StopTimeout === 'number' ? StopTimeout * SECOND : undefined,
  write: (service, value) =>
    withContainer(service, 'StopTimeout', typeof value === 'number' ? Math.ceil(value / SECOND) : undefined),
};

/** Docker's services write `ADDRESS NAME…` as /etc/hosts does, its containers `NAME:ADDRESS`. */
const hosts: Part = {
  path: `${SPEC}.Hosts`,
  read: ({ container }) => {
    const given = at(container, 'HostConfig.ExtraHosts');
    if (!Array.isArray(given) || given.length === 0) return undefined;
    return given.map((entry) => {
      const [, name = '', address = ''] = /^([^:=]*)[:=](.*)$/.exec(String(entry)) ?? [];
      return `${address} ${name}`;
    });
  },
  write: (service, value) =>
    withContainer(
      service,
      'HostConfig.ExtraHosts',
      isAbsent(value) ? undefined : (value as string[]).flatMap(hostNames),
    ),
};

function hostNames(entry: string): string[] {
  const [address = '', ...names] = entry.trim().split(/\s+/);
  if (names.length === 0 || !/^[0-9a-fA-F.:]+$|^host-gateway$/.test(address))
    throw new BerthError(
      'bad_request',
      `invalid ${SPEC}.Hosts "${entry.slice(0, 80)}": write an address and names, such as "10.0.0.1 db"`,
    );
  return names.map((name) => `${name}:${address}`);
}

/** Mount types that hosts with Linux have and that containers can be created with. */
const MOUNTS = ['bind', 'volume', 'tmpfs', 'image'];

/** Binds and tmpfs of compose files are mounts, too; once they are changed here they are written as mounts. */
const mounts: Part = {
  path: `${SPEC}.Mounts`,
  read: ({ container }) => {
    const host = container.HostConfig ?? {};
    const made = [
      ...listOf(host.Binds).map((bind) => bindMount(String(bind))),
      ...listOf(host.Mounts),
      ...Object.keys((host.Tmpfs as Json | null | undefined) ?? {}).map((Target) => ({
        Type: 'tmpfs',
        Target,
      })),
    ];
    return made.length === 0 ? undefined : made;
  },
  write: (service, value) => {
    const list = listOf(value) as readonly Json[];
    for (const { Type, Target } of list)
      if (!MOUNTS.includes(String(Type)))
        throw new BerthError(
          'unsupported',
          `${SPEC}.Mounts: the mount at ${String(Target)} is of type ${String(Type)}`,
          { hint: `write ${MOUNTS.join(', ')}` },
        );
    const bare = withContainer(
      withContainer(service, 'HostConfig.Binds', undefined),
      'HostConfig.Tmpfs',
      undefined,
    );
    return withContainer(bare, 'HostConfig.Mounts', list.length === 0 ? undefined : list);
  },
};

function bindMount(bind: string): Json {
  const [source = '', target, flags = ''] = bind.split(':');
  if (target === undefined) return { Type: 'volume', Target: source };
  const options = flags.split(',');
  return {
    Type: source.startsWith('/') ? 'bind' : 'volume',
    Source: source,
    Target: target,
    ...(options.includes('ro') ? { ReadOnly: true } : {}),
    ...(options.includes('nocopy') ? { VolumeOptions: { NoCopy: true } } : {}),
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** What each container of a service is created with, but for resources, networks and ports. */
export const CONTAINER_PARTS: readonly Part[] = [
  {
    path: `${SPEC}.Image`,
    read: ({ container }) => container.Image,
    write: (service, value) => {
      if (typeof value !== 'string' || value === '' || /[\s\p{Cc}]/u.test(value))
        throw new BerthError(
          'bad_request',
          `invalid ${SPEC}.Image "${String(value ?? '').slice(0, 80)}": name an image, such as nginx:1.27`,
        );
      return withContainer(service, 'Image', value);
    },
  },
  same(`${SPEC}.Command`, 'Entrypoint'),
  same(`${SPEC}.Args`, 'Cmd'),
  same(`${SPEC}.Env`, 'Env'),
  same(`${SPEC}.Hostname`, 'Hostname'),
  same(`${SPEC}.Dir`, 'WorkingDir'),
  same(`${SPEC}.User`, 'User'),
  same(`${SPEC}.Groups`, 'HostConfig.GroupAdd'),
  same(`${SPEC}.StopSignal`, 'StopSignal'),
  same(`${SPEC}.TTY`, 'Tty', isZero),
  same(`${SPEC}.OpenStdin`, 'OpenStdin', isZero),
  same(`${SPEC}.ReadOnly`, 'HostConfig.ReadonlyRootfs', isZero),
  same(`${SPEC}.Init`, 'HostConfig.Init'),
  same(`${SPEC}.DNSConfig.Nameservers`, 'HostConfig.Dns'),
  same(`${SPEC}.DNSConfig.Search`, 'HostConfig.DnsSearch'),
  same(`${SPEC}.DNSConfig.Options`, 'HostConfig.DnsOptions'),
  same(`${SPEC}.Sysctls`, 'HostConfig.Sysctls'),
  same(`${SPEC}.CapabilityAdd`, 'HostConfig.CapAdd'),
  same(`${SPEC}.CapabilityDrop`, 'HostConfig.CapDrop'),
  same(`${SPEC}.Ulimits`, 'HostConfig.Ulimits'),
  same(`${SPEC}.OomScoreAdj`, 'HostConfig.OomScoreAdj', isZero),
  same('TaskTemplate.LogDriver.Name', 'HostConfig.LogConfig.Type'),
  same('TaskTemplate.LogDriver.Options', 'HostConfig.LogConfig.Config'),
  same('TaskTemplate.Resources.Limits.NanoCPUs', 'HostConfig.NanoCpus', isZero),
  same('TaskTemplate.Resources.Limits.MemoryBytes', 'HostConfig.Memory', isZero),
  same('TaskTemplate.Resources.Limits.Pids', 'HostConfig.PidsLimit', isZero),
  same('TaskTemplate.Resources.Reservations.MemoryBytes', 'HostConfig.MemoryReservation', isZero),
  grace,
  hosts,
  mounts,
  {
    path: `${SPEC}.Healthcheck`,
    read: ({ container }) => container.Healthcheck ?? undefined,
    write: (service, value) => {
      const given = isAbsent(value) ? undefined : (value as Json);
      const off = listOf(given?.Test)[0] === 'NONE';
      const own = service.readiness !== undefined && service.readiness.check.kind !== 'image';
      const readiness = own ? service.readiness : off ? undefined : IMAGE_PROBE;
      return { ...withContainer(service, 'Healthcheck', given), readiness };
    },
  },
];

/** As compose files have it where they say nothing else: what the engine's own health check says counts. */
export const IMAGE_PROBE = {
  kind: 'probe',
  check: { kind: 'image' },
  ...{ intervalMs: 0, timeoutMs: 0, successes: 1, failures: 1, startPeriodMs: 0 },
} as const;
