import {
  type ActionResult,
  type AgentFrame,
  type AssignmentDelta,
  LINK_VERSION,
  type ManagerFrame,
} from '../../src/contract/link.ts';
import type { SimulatedEngine } from '../../src/engine/index.ts';
import { commandOf } from '../../src/engine/simulated/container.ts';
import { type ManagerSession, reach } from '../../src/link/index.ts';
import type { ObservedContainer } from '../../src/model/container.ts';
import type { EngineInfo } from '../../src/model/host.ts';
import { LABEL_CLUSTER, LABEL_ID } from '../../src/model/labels.ts';
import type { ToldMembers } from './told-members.ts';

/** Hosts are gone through every 50 ms, and a heartbeat that is 100 ms late is one that is missed. */
const QUIET_MS = 950;

/**
 * Speaks for a host as an agent does, frame by frame, and acts on a simulated engine at once: no files, no event stream,
 * no reading back. For measuring the manager where a thousand whole agents would take the machine for themselves.
 */
export class LightHost {
  private readonly engineIds = new Map<string, string>();
  private session: ManagerSession | undefined;
  /** When it said something last, monotonic milliseconds. */
  private saidAt = 0;
  private waiting: AssignmentDelta[] = [];

  constructor(
    private readonly engine: SimulatedEngine,
    private readonly identity: Readonly<{
      hostId: string;
      clusterId: string;
      machineId: string;
      info: EngineInfo;
    }>,
    private readonly told: ReturnType<ToldMembers['listener']>,
  ) {}

  attach(session: ManagerSession): void {
    this.session = session;
    session.onClose(() => {
      this.session = undefined;
    });
    session.onFrame((frame) => {
      if (frame.t === 'welcome') {
        this.greet(session);
        return;
      }
      // Answers a heartbeat that asks for it, which these hosts do not.
      if (frame.t === 'lease' || frame.t === 'answer' || frame.t === 'held') return;
      if (frame.t === 'router' || frame.t === 'no-router') return;
      if (frame.t === 'file' || frame.t === 'measure') return;
      if (frame.t === 'members') {
        this.told(frame);
        return;
      }
      if (frame.t === 'probe') {
        void this.look(session, frame);
        return;
      }
      const deltas =
        frame.t === 'deltas'
          ? frame.deltas
          : frame.assignments.map((assignment) => ({ op: 'put', assignment }) as const);
      if (this.waiting.length === 0 && deltas.length > 0) setImmediate(() => this.act());
      this.waiting.push(...deltas);
    });
  }

  private async look(
    session: ManagerSession,
    { id, targets, ms }: ManagerFrame & { t: 'probe' },
  ): Promise<void> {
    const answers = await Promise.all(targets.map((target) => reach(target, ms)));
    session.send({ t: 'probed', id, answers: answers.map((answer) => answer ?? null) });
  }

  /** A heartbeat, where nothing else was said for about a second: as an agent does. */
  beatIfDue(): void {
    if (performance.now() - this.saidAt >= QUIET_MS) this.beat();
  }

  private beat(): void {
    this.say({ t: 'heartbeat', now: Date.now(), engine: true, reason: '' });
  }

  private say(frame: AgentFrame): void {
    this.saidAt = performance.now();
    this.session?.send(frame);
  }

  private greet(session: ManagerSession): void {
    const { hostId, machineId, info } = this.identity;
    const send = (frame: AgentFrame) => {
      if (this.session === session) this.say(frame);
    };
    const hello = { version: LINK_VERSION, agentVersion: 'bench', machineId, now: Date.now() };
    const usable = { usable: true, reason: '' };
    const network = { drivers: { xoverlay: usable, vlan: usable }, wireMtu: 1500 };
    send({ t: 'hello', ...hello, dataAddress: '127.0.0.1', network });
    this.beat();
    send({ t: 'engine', info });
    const images = this.engine.world.images.all().map(({ id, tags, created }) => ({
      kind: 'observed-image' as const,
      ...{
        hostId,
        imageId: id,
        repoTags: tags,
        repoDigests: [],
        labels: {},
        created,
        size: 1,
        raw: { Id: id },
      },
    }));
    send({ t: 'full', containers: [], images, networks: [], volumes: [] });
  }

  /** What came together is reported together, as the agent's outbox does. */
  private act(): void {
    const containers = new Map<string, ObservedContainer>();
    const gone: string[] = [];
    const results: ActionResult[] = [];
    for (const delta of this.waiting.splice(0)) {
      if (delta.op === 'drop') {
        const engineId = this.engineIds.get(delta.id);
        if (engineId === undefined) continue;
        this.engine.world.containers.remove(this.engine.world.containers.get(engineId), true);
        this.engineIds.delete(delta.id);
        gone.push(engineId);
        continue;
      }
      const { id, desired } = delta.assignment;
      containers.set(id, this.put(delta.assignment));
      results.push({ id, generation: desired.generation });
    }
    this.say({
      t: 'report',
      containers: [...containers.values()],
      gone: { containers: gone },
      results,
    });
  }

  private put({ id, name, desired }: (AssignmentDelta & { op: 'put' })['assignment']): ObservedContainer {
    const { world } = this.engine;
    const { hostId, clusterId } = this.identity;
    let engineId = this.engineIds.get(id);
    if (engineId === undefined) {
      const labels = { ...desired.spec.Labels, [LABEL_ID]: id, [LABEL_CLUSTER]: clusterId };
      const body = { ...desired.spec, Labels: labels, HostConfig: desired.spec.HostConfig ?? {} };
      engineId = world.containers.create(body as never, name, world.images.get(desired.spec.Image).id).id;
      this.engineIds.set(id, engineId);
    }
    const container = world.containers.get(engineId);
    if (desired.state === 'running') world.containers.start(container);
    if (desired.state === 'stopped') world.containers.stop(container);
    const { spec } = desired;
    const memory = Number(spec.HostConfig?.Memory ?? 0);
    // As an agent finds it in the engine's inspect answer, which nobody has to write and to read here.
    return {
      kind: 'observed-container',
      hostId,
      engineId,
      clusterId: id,
      generation: desired.generation,
      name,
      state: {
        status: container.status,
        exitCode: container.exitCode,
        oomKilled: false,
        error: '',
        startedAt: container.startedAt,
        finishedAt: container.finishedAt,
        health: 'none',
      },
      created: Math.floor(container.created / 1000),
      image: spec.Image,
      imageId: container.imageId,
      command: commandOf(container).join(' '),
      labels: container.body.Labels ?? {},
      ports: [],
      networkMode: 'default',
      networkSettings: { Networks: { bridge: { NetworkID: 'bridge', IPAddress: '', MacAddress: '' } } },
      mounts: [],
      reservation: { cpuMilli: 0, memory, ports: [] },
    };
  }
}
