import type { Duplex } from 'node:stream';

type Json = Record<string, unknown>;

/** The parts of a create body that a simulated engine acts on; the rest is kept and shown. */
export type CreateBody = Json & {
  Image?: string;
  Cmd?: string[] | null;
  Entrypoint?: string[] | null;
  Env?: string[] | null;
  Hostname?: string;
  Labels?: Record<string, string> | null;
  OpenStdin?: boolean;
  StdinOnce?: boolean;
  ExposedPorts?: Record<string, unknown> | null;
  HostConfig?:
    | (Json & {
        NetworkMode?: string;
        AutoRemove?: boolean;
        PortBindings?: Record<string, { HostIp?: string; HostPort?: string }[] | null> | null;
      })
    | null;
  NetworkingConfig?: (Json & { EndpointsConfig?: Record<string, Json | null> | null }) | null;
};

type Status = 'created' | 'running' | 'paused' | 'exited' | 'dead';

/** A container of a simulated engine: a state, no process. */
export type SimulatedContainer = {
  readonly id: string;
  name: string;
  readonly body: CreateBody;
  readonly imageId: string;
  /** Milliseconds since the epoch. */
  readonly created: number;
  status: Status;
  exitCode: number;
  startedAt: number;
  finishedAt: number;
  pid: number;
  /** Ends the make-believe process. */
  timer: NodeJS.Timeout | undefined;
  readonly attached: Set<Duplex>;
};

export function isAlive(container: SimulatedContainer): boolean {
  return container.status === 'running' || container.status === 'paused';
}

export function commandOf({ body }: SimulatedContainer): string[] {
  return [...(body.Entrypoint ?? []), ...(body.Cmd ?? [])];
}

const NEVER = '0001-01-01T00:00:00Z';
const iso = (at: number) => (at === 0 ? NEVER : new Date(at).toISOString());

/** `{"80/tcp": [{HostIp, HostPort}]}` of a running container, as Docker fills it. */
function boundPorts(container: SimulatedContainer): Record<string, unknown> {
  if (!isAlive(container)) return {};
  const bindings = container.body.HostConfig?.PortBindings ?? {};
  const ports: Record<string, unknown> = {};
  for (const port of Object.keys(container.body.ExposedPorts ?? {})) ports[port] = null;
  for (const [port, binds] of Object.entries(bindings)) {
    ports[port] = (binds ?? []).map(({ HostIp, HostPort }) => ({ HostIp: HostIp || '0.0.0.0', HostPort }));
  }
  return ports;
}

function networksOf(container: SimulatedContainer): Record<string, unknown> {
  const named = container.body.NetworkingConfig?.EndpointsConfig ?? {};
  const mode = container.body.HostConfig?.NetworkMode ?? 'default';
  const names = Object.keys(named).length > 0 ? Object.keys(named) : [mode === 'default' ? 'bridge' : mode];
  return Object.fromEntries(
    names.map((name) => [name, { ...named[name], NetworkID: name, IPAddress: '', MacAddress: '' }]),
  );
}

/** `GET /containers/{id}/json` */
export function inspectView(container: SimulatedContainer): Json {
  const { body, status } = container;
  const [path = '', ...args] = commandOf(container);
  return {
    Id: container.id,
    Created: iso(container.created),
    Path: path,
    Args: args,
    State: {
      Status: status,
      Running: isAlive(container),
      Paused: status === 'paused',
      Restarting: false,
      OOMKilled: false,
      Dead: false,
      Pid: isAlive(container) ? container.pid : 0,
      ExitCode: container.exitCode,
      Error: '',
      StartedAt: iso(container.startedAt),
      FinishedAt: iso(container.finishedAt),
    },
    Image: container.imageId,
    Name: `/${container.name}`,
    RestartCount: 0,
    Driver: 'simulated',
    Platform: 'linux',
    Mounts: [],
    HostConfig: { NetworkMode: 'default', ...body.HostConfig },
    Config: { ...body, HostConfig: undefined, NetworkingConfig: undefined, Labels: body.Labels ?? {} },
    NetworkSettings: { Ports: boundPorts(container), Networks: networksOf(container) },
  };
}

/** One entry of `GET /containers/json` */
export function listView(container: SimulatedContainer): Json {
  const ports = Object.entries(boundPorts(container)).flatMap(([port, binds]) => {
    const [number, type] = port.split('/');
    const base = { PrivatePort: Number(number), Type: type ?? 'tcp' };
    if (!Array.isArray(binds)) return [base];
    return binds.map((bind) => ({ ...base, IP: bind.HostIp, PublicPort: Number(bind.HostPort) }));
  });
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    Image: container.body.Image,
    ImageID: container.imageId,
    Command: commandOf(container).join(' '),
    Created: Math.floor(container.created / 1000),
    Ports: ports,
    Labels: container.body.Labels ?? {},
    State: container.status,
    Status: container.status,
    HostConfig: { NetworkMode: container.body.HostConfig?.NetworkMode ?? 'default' },
    NetworkSettings: { Networks: networksOf(container) },
    Mounts: [],
  };
}
