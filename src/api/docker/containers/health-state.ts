import type { ObservedContainer } from '../../../model/container.ts';
import { healthOf } from '../../../model/readiness.ts';

type Json = Record<string, unknown>;

/**
 * `.State.Health` of a container that its host probes, as Docker writes it of its own health checks; undefined where there
 * is nothing to add. `Log` has the results that led to the verdict.
 * @param state the engine's, by whose own check a container goes that has one
 */
export function healthState(seen: ObservedContainer, state: Json): Json | undefined {
  const { probes } = seen;
  if (probes === undefined || state.Status !== 'running') return undefined;
  const own = state.Health as { Status?: unknown } | null | undefined;
  if (own !== undefined && own !== null && own.Status !== 'none') return undefined;
  const { results } = probes;
  const lastOk = results.findLastIndex(({ ok }) => ok);
  return {
    Status: healthOf(seen),
    FailingStreak: results.length - 1 - lastOk,
    Log: results.map(({ at, ms, ok, said }) => ({
      Start: new Date(at).toISOString(),
      End: new Date(at + ms).toISOString(),
      ExitCode: ok ? 0 : 1,
      Output: said,
    })),
  };
}
