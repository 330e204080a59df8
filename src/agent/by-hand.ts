import { constants } from 'node:os';
import { engineEventSchema } from '../contract/link.ts';
import { type Engine, openEvents } from '../engine/index.ts';
import { BerthError } from '../kit/errors.ts';
import { withSignal } from '../kit/linked-signal.ts';
import type { ObservedContainer } from '../model/container.ts';

const ASK_MS = 10_000;
const ENDING: ReadonlySet<number> = new Set([
  constants.signals.SIGTERM,
  constants.signals.SIGKILL,
  constants.signals.SIGINT,
  constants.signals.SIGQUIT,
]);

/**
 * Whether the last run of a container was ended by `docker stop` or `docker kill` (with a signal that ends, or the
 * container's own stop signal), on the host or through the cluster. The engine knows, for as long as it keeps its events:
 * the last 256 of its life. So this also holds for what happened while no agent was running.
 * @throws BerthError `host_down` where the engine does not answer
 */
export async function endedByHand(
  engine: Engine,
  { engineId, state }: ObservedContainer,
  now: number,
  stopping: AbortSignal,
): Promise<boolean> {
  return withSignal([stopping], ASK_MS, async (signal) => {
    const filters = { container: [engineId], event: ['kill', 'stop'] };
    const range = { since: seconds(state.startedAt), until: seconds(Math.max(now, state.finishedAt + 1)) };
    try {
      const sent: number[] = [];
      for await (const { value } of await openEvents(engine, { ...range, filters, signal })) {
        const event = engineEventSchema.parse(value);
        if (event.Action === 'stop') return true;
        sent.push(signalNumber(event.Actor.Attributes?.signal ?? ''));
      }
      if (sent.some((one) => ENDING.has(one))) return true;
      return sent.length > 0 && sent.includes(await stopSignal(engine, engineId, signal));
    } catch (thrown) {
      // It answers, and has nothing to say of it.
      if (thrown instanceof BerthError && thrown.code === 'engine' && thrown.status !== 502) return false;
      throw thrown;
    }
  });
}

/** The container's, or its image's. */
async function stopSignal(engine: Engine, engineId: string, signal: AbortSignal): Promise<number> {
  type Inspect = { Config?: { StopSignal?: string } };
  const inspect = await engine.json<Inspect>('GET', `/containers/${engineId}/json`, undefined, signal);
  return signalNumber(inspect.Config?.StopSignal ?? '');
}

/** `15`, `SIGTERM`, `TERM`, `RTMIN+3`; 0 for what is none. */
function signalNumber(given: string): number {
  const name = given.toUpperCase().replace(/^(SIG)?/, 'SIG');
  const number = Number(given);
  const realTime = /^SIGRTMIN\+(\d+)$/.exec(name)?.[1];
  if (realTime !== undefined) return 34 + Number(realTime);
  return given !== '' && Number.isInteger(number) ? number : (constants.signals[name as NodeJS.Signals] ?? 0);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
