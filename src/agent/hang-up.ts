import type { Engine } from '../engine/index.ts';
import { BerthError, messageOf } from '../kit/errors.ts';
import type { Logger } from '../kit/logger.ts';
import type { EngineRequest, HostEngine } from '../link/ports.ts';
import { inspectExec, type SignalProcess, signalProcess } from './exec-process.ts';

/** A command that a hang-up does not end is killed after this, milliseconds. */
const GRACE_MS = 3_000;
/** How long the engine may take to say how an exec is, milliseconds. */
const ASK_MS = 10_000;
/** Where an engine does not answer, or a command does not go, it is tried so often. */
const TRIES = 20;
const START = /^\/(?:v[\d.]+\/)?exec\/([0-9a-f]{64})\/start$/;

type HangUpsDeps = Readonly<{
  /** For the manager's calls. */
  calls: Pick<Engine, 'request' | 'upgrade'>;
  /** Asked about execs. */
  engine: Pick<Engine, 'json'>;
  logger: Logger;
  signal?: SignalProcess;
  graceMs?: number;
}>;

/**
 * The engine for the manager's calls. An engine leaves the command of an exec running when the client of its raw connection
 * goes away (moby issue 9098). Where the manager says that it is a person's terminal, the command gets what a terminal's
 * processes get when it is hung up: SIGHUP, and SIGKILL if it stays. That holds also where manager or link are lost.
 */
export class HangUps implements HostEngine {
  constructor(private readonly deps: HangUpsDeps) {}

  request(request: EngineRequest) {
    return this.deps.calls.request(request);
  }

  async upgrade({ hangUp, ...request }: EngineRequest) {
    const execId = hangUp === true ? START.exec(request.path)?.[1] : undefined;
    try {
      const answer = await this.deps.calls.upgrade(request);
      // Also after an end that looks like one: a command may have let go of its terminal.
      if (execId !== undefined && answer.kind === 'upgraded')
        answer.stream.once('close', () => void this.end(execId));
      return answer;
    } catch (thrown) {
      // Given up in the middle: it may have been started.
      if (execId !== undefined) void this.end(execId);
      throw thrown;
    }
  }

  private async end(execId: string): Promise<void> {
    const { graceMs = GRACE_MS } = this.deps;
    let name: 'SIGHUP' | 'SIGKILL' = 'SIGHUP';
    for (let tries = 0; tries < TRIES; tries++) {
      try {
        if (await this.send(execId, name)) return;
        name = 'SIGKILL';
      } catch (thrown) {
        if (isGone(thrown)) return;
        this.deps.logger.debug(
          { exec: execId.slice(0, 12), reason: messageOf(thrown) },
          'terminal not ended yet',
        );
      }
      await new Promise<void>((resolve) => setTimeout(resolve, graceMs).unref());
    }
    this.deps.logger.warn(
      { exec: execId.slice(0, 12) },
      'the command of a terminal that was left could not be ended',
    );
  }

  /** True where it has ended. */
  private async send(execId: string, name: 'SIGHUP' | 'SIGKILL'): Promise<boolean> {
    const { engine, signal = signalProcess } = this.deps;
    const { Running, Pid, ContainerID } = await inspectExec(engine, execId, AbortSignal.timeout(ASK_MS));
    if (!Running) return true;
    // About to begin: it has no process yet.
    if (typeof Pid === 'number' && Pid > 1 && ContainerID) await signal(Pid, ContainerID, name);
    return false;
  }
}

/** Its container is, and it with it. */
function isGone(thrown: unknown): boolean {
  return thrown instanceof BerthError && thrown.code === 'engine' && thrown.status === 404;
}
