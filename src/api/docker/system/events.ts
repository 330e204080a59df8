import { BerthError } from '../../../kit/errors.ts';
import { type ClusterEvent, REORDER_WINDOW_MS } from '../../events/cluster-events.ts';
import { nanosOf } from '../../events/event-log.ts';
import { shownAttributes } from '../../hidden-values.ts';
import type { DockerCall } from '../call.ts';
import { filtersOf } from '../query.ts';
import { EVENT_FILTERS, eventMatches } from './event-filters.ts';

/** A reader that is this far behind is let go, bytes: the manager does not keep the past for it. */
const MAX_BEHIND = 16 * 1024 * 1024;
const NANOS_PER_MS = 1_000_000n;

/**
 * `GET /events`: JSON lines, in order, from `since` on (an exact place: the `timeNano` of the last one seen, plus 1,
 * goes on without a loss or a repeat) to `until`, or until the client leaves.
 */
export async function events(call: DockerCall): Promise<void> {
  const { deps, query, res, signal } = call;
  const filters = filtersOf(query, EVENT_FILTERS);
  const since = timestamp(query, 'since');
  const until = timestamp(query, 'until');
  if (since !== undefined && until !== undefined && until < since) {
    throw new BerthError(
      'bad_request',
      `\`since\` time (${query.get('since')}) cannot be after \`until\` time (${query.get('until')})`,
    );
  }
  res.writeHead(200, { 'content-type': 'application/json' });
  res.flushHeaders();
  const leave = deps.events.subscribe(
    since ?? (until === undefined ? undefined : 0n),
    (event: ClusterEvent) => {
      if (res.destroyed || res.writableEnded) return;
      if (until !== undefined && nanosOf(event) > until) return;
      if (!eventMatches(event, filters)) return;
      const Attributes = shownAttributes(event.Actor.Attributes ?? {}, call.principal.role);
      res.write(`${JSON.stringify({ ...event, Actor: { ...event.Actor, Attributes } })}\n`);
      if (res.writableLength > MAX_BEHIND) {
        deps.logger.warn(
          { user: call.principal.user },
          'a reader of events is too slow: its connection is closed',
        );
        res.destroy();
      }
    },
  );
  try {
    await ended(call, until);
  } catch (thrown) {
    // The client has left: nothing is wrong and nobody is there to be told.
    if (!signal.aborted) throw thrown;
  } finally {
    leave();
  }
  res.end();
}

/** Resolves when everything up to `until` has come in; rejects when the client leaves. */
async function ended({ deps, signal }: DockerCall, until: bigint | undefined): Promise<void> {
  signal.throwIfAborted();
  if (until === undefined) {
    await new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    );
    return;
  }
  // Asked of the clock once, as an engine does: it may be set meanwhile. Events of the last moments are held for their
  // order, and hosts take a moment to send them.
  let left = Number(until / NANOS_PER_MS) + 2 * REORDER_WINDOW_MS - deps.clock.now();
  while (left > 0) {
    // Timers of Node end at 2^31 ms.
    const part = Math.min(left, 2 ** 31 - 1);
    await deps.clock.sleep(part, signal);
    left -= part;
  }
}

/**
 * `seconds` or `seconds.nanoseconds` as nanoseconds; undefined where the parameter is absent or empty.
 * @throws BerthError `bad_request`
 */
function timestamp(query: URLSearchParams, name: string): bigint | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const [, seconds, fraction = ''] = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (seconds === undefined) {
    throw new BerthError(
      'bad_request',
      `invalid ${name} "${text.slice(0, 80)}": seconds since 1970 are needed, such as 1763700000.5`,
    );
  }
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
}
