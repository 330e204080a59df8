import { randomBytes } from 'node:crypto';
import type { Clock } from '../../kit/clock.ts';
import { newLongId } from '../../kit/ids.ts';
import { type CreateBody, commandOf, isAlive, type SimulatedContainer } from './container.ts';
import type { EventFeed } from './event-feed.ts';
import { noSuch, Refusal } from './refusal.ts';

/** The containers of one simulated engine and what can be done to them. */
export class SimulatedContainers {
  private readonly byId = new Map<string, SimulatedContainer>();
  private readonly byName = new Map<string, SimulatedContainer>();
  private nextPid = 1000;

  constructor(
    private readonly clock: Clock,
    private readonly events: EventFeed,
  ) {}

  all(): SimulatedContainer[] {
    return [...this.byId.values()];
  }

  /** By ID, name, or the beginning of an ID. @throws Refusal 404 */
  get(reference: string): SimulatedContainer {
    const exact = this.byId.get(reference) ?? this.byName.get(reference.replace(/^\//, ''));
    if (exact !== undefined) return exact;
    const begun = reference === '' ? [] : this.all().filter(({ id }) => id.startsWith(reference));
    return begun.length === 1 && begun[0] !== undefined ? begun[0] : noSuch('container', reference);
  }

  create(body: CreateBody, wanted: string, imageId: string): SimulatedContainer {
    const name = wanted === '' ? `sim_${randomBytes(6).toString('hex')}` : wanted.replace(/^\//, '');
    const holder = this.byName.get(name);
    if (holder !== undefined) throw nameTaken(name, holder.id);
    const container: SimulatedContainer = {
      id: newLongId(),
      name,
      body,
      imageId,
      created: this.clock.now(),
      status: 'created',
      exitCode: 0,
      startedAt: 0,
      finishedAt: 0,
      pid: 0,
      timer: undefined,
      attached: new Set(),
    };
    this.byId.set(container.id, container);
    this.byName.set(name, container);
    this.emit(container, 'create');
    return container;
  }

  /** False where it runs already. @throws Refusal */
  start(container: SimulatedContainer): boolean {
    if (container.status === 'running') return false;
    if (container.status === 'paused') {
      throw new Refusal(409, 'cannot start a paused container, try unpause instead');
    }
    this.refusePortsInUse(container);
    container.status = 'running';
    container.exitCode = 0;
    container.startedAt = this.clock.now();
    container.pid = this.nextPid++;
    this.emit(container, 'start');
    this.live(container);
    return true;
  }

  /** False where it does not run. */
  stop(container: SimulatedContainer): boolean {
    if (!isAlive(container)) return false;
    this.emit(container, 'kill', { signal: '15' });
    this.exit(container, 143);
    this.emit(container, 'stop');
    return true;
  }

  restart(container: SimulatedContainer): void {
    if (isAlive(container)) {
      clearTimeout(container.timer);
      container.status = 'exited';
      container.finishedAt = this.clock.now();
      this.emit(container, 'die', { exitCode: '143' });
    }
    this.start(container);
    this.emit(container, 'restart');
  }

  kill(container: SimulatedContainer, signal: string): void {
    if (!isAlive(container)) throw notRunning(container);
    this.emit(container, 'kill', { signal });
    this.exit(container, 137);
  }

  pause(container: SimulatedContainer): void {
    if (container.status !== 'running') {
      throw container.status === 'paused'
        ? new Refusal(409, `Container ${container.id} is already paused`)
        : notRunning(container);
    }
    container.status = 'paused';
    this.emit(container, 'pause');
  }

  unpause(container: SimulatedContainer): void {
    if (container.status !== 'paused') throw new Refusal(409, `Container ${container.id} is not paused`);
    container.status = 'running';
    this.emit(container, 'unpause');
  }

  rename(container: SimulatedContainer, name: string): void {
    const holder = this.byName.get(name);
    if (holder !== undefined) throw nameTaken(name, holder.id);
    const oldName = container.name;
    this.byName.delete(oldName);
    container.name = name;
    this.byName.set(name, container);
    this.emit(container, 'rename', { oldName: `/${oldName}` });
  }

  remove(container: SimulatedContainer, force: boolean): void {
    if (isAlive(container)) {
      if (!force) {
        throw new Refusal(
          409,
          `You cannot remove a running container ${container.id}. Stop the container before attempting removal or force remove`,
        );
      }
      this.kill(container, '9');
    }
    if (!this.byId.delete(container.id)) return;
    this.byName.delete(container.name);
    this.emit(container, 'destroy');
  }

  /** The process of a container ends by itself. */
  exit(container: SimulatedContainer, exitCode: number): void {
    clearTimeout(container.timer);
    container.status = 'exited';
    container.exitCode = exitCode;
    container.finishedAt = this.clock.now();
    for (const stream of container.attached) stream.push(null);
    container.attached.clear();
    this.emit(container, 'die', { exitCode: String(exitCode) });
    if (container.body.HostConfig?.AutoRemove === true) this.remove(container, false);
  }

  /** `true`, `false` and `sleep N` end as they would; everything else runs until it is stopped. */
  private live(container: SimulatedContainer): void {
    const [command = '', argument = ''] = commandOf(container);
    const seconds = command === 'sleep' ? Number(argument) : Number.NaN;
    if (command === 'true' || command === 'false') {
      container.timer = setTimeout(() => this.exit(container, command === 'true' ? 0 : 1), 1);
    } else if (seconds >= 0 && seconds < 86_400) {
      container.timer = setTimeout(() => this.exit(container, 0), seconds * 1000);
    }
    container.timer?.unref();
  }

  private refusePortsInUse(container: SimulatedContainer): void {
    const wanted = hostPorts(container);
    if (wanted.size === 0) return;
    for (const other of this.byId.values()) {
      if (other === container || !isAlive(other)) continue;
      for (const port of hostPorts(other)) {
        if (!wanted.has(port)) continue;
        throw new Refusal(
          500,
          `driver failed programming external connectivity on endpoint ${container.name}: Bind for ${port} failed: port is already allocated`,
        );
      }
    }
  }

  private emit(container: SimulatedContainer, action: string, extra: Record<string, string> = {}): void {
    this.events.emit('container', action, container.id, {
      ...container.body.Labels,
      image: container.body.Image ?? '',
      name: container.name,
      ...extra,
    });
  }
}

function hostPorts({ body }: SimulatedContainer): Set<string> {
  const bindings = Object.entries(body.HostConfig?.PortBindings ?? {});
  return new Set(
    bindings.flatMap(([port, binds]) =>
      (binds ?? [])
        .filter(({ HostPort }) => HostPort)
        .map(({ HostIp, HostPort }) => `${HostIp || '0.0.0.0'}:${HostPort}/${port.split('/')[1] ?? 'tcp'}`),
    ),
  );
}

function nameTaken(name: string, holder: string): Refusal {
  return new Refusal(
    409,
    `Conflict. The container name "/${name}" is already in use by container "${holder}". You have to remove (or rename) that container to be able to reuse that name.`,
  );
}

function notRunning({ id }: SimulatedContainer): Refusal {
  return new Refusal(409, `Container ${id} is not running`);
}
