import type { ActionResult } from '../../contract/link.ts';
import type { Clock } from '../../kit/clock.ts';
import { BerthError } from '../../kit/errors.ts';
import type { Container } from '../../model/container.ts';
import type { Assignments } from './assignments.ts';

type Waiter = Readonly<{
  hostId: string;
  generation: number;
  resolve(result: ActionResult): void;
  reject(error: unknown): void;
}>;

/** Where a container is assigned and whether that host's agent is there to act. */
export type HostOf = (
  containerId: string,
) => Readonly<{ hostId: string; hostName: string; connected: boolean }> | undefined;

/** Brings together who waits for a generation and the agents' results. */
export class ActionResults implements Assignments {
  private readonly waiters = new Map<string, Set<Waiter>>();
  /** The last result of each container that still has a record: an answer may be faster than the one who waits. */
  private readonly last = new Map<string, ActionResult>();

  private readonly since: number;

  constructor(
    private readonly hostOf: HostOf,
    clock: Clock,
  ) {
    this.since = clock.now();
  }

  settled(containerId: string, generation: number, signal?: AbortSignal): Promise<ActionResult> {
    const known = this.last.get(containerId);
    if (known !== undefined && known.generation >= generation) return outcome(known);
    const host = this.hostOf(containerId);
    if (host === undefined)
      return Promise.reject(new BerthError('not_found', `container ${containerId} is gone`));
    if (!host.connected) return Promise.reject(notConnected(host.hostName));
    return new Promise<ActionResult>((resolve, reject) => {
      const onAbort = () => settle(() => reject(signal?.reason));
      const settle = (act: () => void) => {
        signal?.removeEventListener('abort', onAbort);
        const waiting = this.waiters.get(containerId);
        waiting?.delete(waiter);
        if (waiting?.size === 0) this.waiters.delete(containerId);
        act();
      };
      const waiter: Waiter = {
        hostId: host.hostId,
        generation,
        resolve: (result) =>
          settle(() => {
            if (result.error === undefined) resolve(result);
            else reject(refused(result.error));
          }),
        reject: (error) => settle(() => reject(error)),
      };
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      signal?.addEventListener('abort', onAbort, { once: true });
      const waiting = this.waiters.get(containerId) ?? new Set();
      this.waiters.set(containerId, waiting.add(waiter));
    });
  }

  /** The last generation of it that was acted on; 0 where nothing has been told of it. */
  acted(containerId: string): number {
    return this.last.get(containerId)?.generation ?? 0;
  }

  isDue({ id, assigned, desired }: Container): boolean {
    return assigned.at >= this.since && this.acted(id) < desired.generation;
  }

  /** An agent has acted; its observation must be in the store by now. */
  add(result: ActionResult): void {
    const known = this.last.get(result.id);
    if (known === undefined || known.generation <= result.generation) this.last.set(result.id, result);
    for (const waiter of [...(this.waiters.get(result.id) ?? [])]) {
      if (waiter.generation <= result.generation) waiter.resolve(result);
    }
  }

  /** The record is gone: nobody will ask again; who still waits hears that it is removed. */
  forget(containerId: string): void {
    this.last.delete(containerId);
    for (const waiter of [...(this.waiters.get(containerId) ?? [])]) {
      waiter.reject(new BerthError('not_found', `container ${containerId} was removed meanwhile`));
    }
  }

  /** The host's connection is gone: nothing that is waited for there will be answered. */
  lost(hostId: string, hostName: string): void {
    for (const waiting of [...this.waiters.values()]) {
      for (const waiter of [...waiting]) if (waiter.hostId === hostId) waiter.reject(notConnected(hostName));
    }
  }
}

function outcome(result: ActionResult): Promise<ActionResult> {
  if (result.error === undefined) return Promise.resolve(result);
  return Promise.reject(refused(result.error));
}

function refused({ status, message }: NonNullable<ActionResult['error']>): BerthError {
  return new BerthError('engine', message, { status });
}

function notConnected(hostName: string): BerthError {
  return new BerthError('host_down', `host ${hostName} is not connected`, {
    hint: `look at it with "berth node inspect ${hostName}"; what was asked is done once it is back`,
  });
}
