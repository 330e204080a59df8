import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ActionResult,
  type AgentFrame,
  type Assignment,
  type AssignmentDelta,
  agentFrameSchema,
  LINK_VERSION,
  type ManagerFrame,
} from '../contract/link.ts';
import type { Engine } from '../engine/index.ts';
import { type Logger, silentLogger } from '../kit/logger.ts';
import type { Desired, DockerSpec, ObservedContainer } from '../model/container.ts';
import { type Agent, type AgentOptions, startAgent } from './agent.ts';
import type { AgentLink } from './conversation.ts';

export const IDENTITY = { clusterId: 'c1', hostId: 'h1' };

/** 64 hex digits that begin with `name` in hex, so that IDs differ early. */
export function clusterIdOf(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64);
}

export function assignmentRecord(
  name: string,
  desired: Partial<Desired> = {},
  spec: Partial<DockerSpec> = {},
): Assignment {
  return {
    id: clusterIdOf(name),
    name,
    apiVersion: '1.41',
    desired: {
      generation: 1,
      state: 'created',
      starts: 0,
      spec: { Image: 'busybox', Cmd: ['sleep', 'infinity'], ...spec },
      ...desired,
    },
    needs: { networks: [], volumes: [] },
  };
}

/** What a manager keeps of what an agent says, and its end of the session. */
export class FakeManager {
  readonly frames: AgentFrame[] = [];
  readonly containers = new Map<string, ObservedContainer>();
  readonly results: ActionResult[] = [];
  closeReason: string | undefined;
  private readonly waiting = new Set<() => void>();
  private onFrame: (frame: ManagerFrame) => void = () => {};
  private onClose: (reason: string) => void = () => {};
  private seq = 0;

  readonly session: AgentLink = {
    send: (frame) => {
      // Through JSON, as over the wire.
      this.take(agentFrameSchema.parse(JSON.parse(JSON.stringify(frame))));
    },
    onFrame: (listener) => {
      this.onFrame = listener;
    },
    onClose: (listener) => {
      this.onClose = listener;
    },
    close: (reason) => this.cut(reason),
  };

  constructor(private readonly epoch = 'e1') {}

  /** Lets an agent in and gives it its first assignments; resolves with its hello. */
  async greet(
    agent: Agent,
    assignments: readonly Assignment[] | 'resume' = [],
  ): Promise<AgentFrame & { t: 'hello' }> {
    agent.attach(this.session);
    this.send({ t: 'welcome', version: LINK_VERSION, hostName: 'host', ...IDENTITY });
    const hello = await this.frame('hello');
    this.seq = hello.resume?.seq ?? 0;
    if (assignments !== 'resume') this.snapshot(assignments);
    await this.frame('full');
    return hello;
  }

  snapshot(assignments: readonly Assignment[]): void {
    this.send({ t: 'snapshot', at: { epoch: this.epoch, seq: this.seq }, assignments: [...assignments] });
  }

  deltas(...deltas: AssignmentDelta[]): void {
    this.seq += deltas.length;
    this.send({ t: 'deltas', at: { epoch: this.epoch, seq: this.seq }, deltas });
  }

  put(...assignments: Assignment[]): void {
    this.deltas(...assignments.map((assignment) => ({ op: 'put', assignment }) as const));
  }

  send(frame: ManagerFrame): void {
    this.onFrame(JSON.parse(JSON.stringify(frame)) as ManagerFrame);
  }

  cut(reason = 'cut'): void {
    if (this.closeReason !== undefined) return;
    this.closeReason = reason;
    this.onClose(reason);
  }

  /** The first frame of that kind. */
  async frame<T extends AgentFrame['t']>(t: T): Promise<AgentFrame & { t: T }> {
    const of = () => this.frames.find((frame): frame is AgentFrame & { t: T } => frame.t === t);
    await this.until(() => of() !== undefined);
    return of() as AgentFrame & { t: T };
  }

  /** The last result of the container for that generation or a later one. */
  async result({ id, desired }: Assignment): Promise<ActionResult> {
    const of = () => this.results.filter((r) => r.id === id && r.generation >= desired.generation).at(-1);
    await this.until(() => of() !== undefined);
    return of() as ActionResult;
  }

  observed(name: string): ObservedContainer | undefined {
    return [...this.containers.values()].find((container) => container.name === name);
  }

  until(condition: () => boolean, timeoutMs = 20_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(check);
        reject(
          new Error(
            `nothing of the kind within ${timeoutMs} ms; last: ${JSON.stringify(this.frames.at(-1))}`,
          ),
        );
      }, timeoutMs);
      const check = () => {
        if (!condition()) return;
        clearTimeout(timer);
        this.waiting.delete(check);
        resolve();
      };
      this.waiting.add(check);
      check();
    });
  }

  private take(frame: AgentFrame): void {
    this.frames.push(frame);
    if (frame.t === 'full') this.containers.clear();
    if (frame.t === 'full' || frame.t === 'report') {
      for (const container of frame.containers ?? []) this.containers.set(container.engineId, container);
    }
    if (frame.t === 'report') {
      for (const engineId of frame.gone?.containers ?? []) this.containers.delete(engineId);
      this.results.push(...(frame.results ?? []));
    }
    for (const check of [...this.waiting]) check();
  }
}

const cleanups: (() => Promise<void>)[] = [];

/** For `afterEach`. */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

export async function temporaryDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'berth-agent-test-'));
  cleanups.push(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

export async function openAgent(
  engine: Engine,
  dir: string,
  logger: Logger = silentLogger,
  more: Partial<AgentOptions> = {},
): Promise<Agent> {
  const timings = {
    pingEveryMs: 50,
    pingTimeoutMs: 150,
    retryMs: 200,
    compareEveryMs: 500,
    backoff: { baseMs: 20, maxMs: 100 },
  };
  const options = {
    timings,
    identity: IDENTITY,
    agentVersion: '0.0.0',
    dataAddress: '10.0.0.1',
    etcMachineId: 'm1',
    engineGraceMs: 100,
  };
  const agent = await startAgent({ ...options, engine, dir, logger, ...more });
  cleanups.push(() => agent.close());
  return agent;
}
