import type { Engine, RawRequest } from '../engine/index.ts';
import { BerthError } from '../kit/errors.ts';
import { type LinkedSignal, linkedSignal } from '../kit/linked-signal.ts';

/** How long an answer is waited for from an engine that does not answer pings either (milliseconds). */
export const PATIENCE_MS = 10_000;

/** What a client is told who waits for an engine that does not answer. */
export function engineMute(reason: string): BerthError {
  return new BerthError('host_down', `the host's Docker Engine does not answer: ${reason}`);
}

/**
 * The engine as the manager's calls reach it. An engine that hangs closes nothing, and who waits for its answer would
 * wait with it: calls are given up that have waited for long while pings are not answered. Those whose answer has begun
 * (logs, events, attach) are left alone.
 */
export class PatientEngine implements Pick<Engine, 'request' | 'upgrade'> {
  private readonly waiting = new Map<LinkedSignal, number>();

  constructor(
    private readonly engine: Pick<Engine, 'request' | 'upgrade'>,
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  request(request: RawRequest) {
    return this.watched(request, (watched) => this.engine.request(watched));
  }

  upgrade(request: RawRequest) {
    return this.watched(request, (watched) => this.engine.upgrade(watched));
  }

  /** The engine has not answered a ping. */
  mute(reason: string): void {
    const now = performance.now();
    for (const [call, since] of [...this.waiting]) {
      if (now - since < this.patienceMs) continue;
      call.fire(engineMute(reason));
    }
  }

  private async watched<R>(request: RawRequest, ask: (request: RawRequest) => Promise<R>): Promise<R> {
    // Not let go of after the head: the caller's signal still has to end the body.
    const call = linkedSignal([request.signal]);
    this.waiting.set(call, performance.now());
    try {
      return await ask({ ...request, signal: call.signal });
    } finally {
      this.waiting.delete(call);
    }
  }
}
