import { refusal } from './docker/answers.ts';
import type { Engine } from './engine.ts';
import { type JsonLine, jsonLines } from './json-lines.ts';

export type EventStream = AsyncIterable<JsonLine>;

/**
 * The progress of `POST /images/create`, line by line; a line with `error` ends one that failed after it had begun.
 * @throws BerthError `engine`, `host_down`
 */
export async function* pullImage(
  engine: Engine,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<JsonLine> {
  const answer = await engine.request({ method: 'POST', path, signal });
  if (answer.status !== 200) throw await refusal(answer);
  yield* jsonLines(answer.body);
}

/**
 * Opens `GET /events`. Resolves once the engine has begun to answer: whatever happens from then on is in the stream.
 * The stream ends when the engine goes away or `signal` fires.
 * @param since `seconds.nanoseconds`; engines keep their last 256 events and send those not older than this first
 * @param until in the same form: the stream ends there; with a moment that is past it has only what the engine has kept
 * @param filters as `docker events --filter` has them: `{container: ['<id>'], event: ['kill']}`
 * @throws BerthError `engine`, `host_down`; while reading also `engine` for garbage
 */
export async function openEvents(
  engine: Engine,
  options: Readonly<{
    since?: string;
    until?: string;
    filters?: Readonly<Record<string, readonly string[]>>;
    signal?: AbortSignal;
  }> = {},
): Promise<EventStream> {
  const { since, until, filters, signal } = options;
  const query = new URLSearchParams({
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(filters === undefined ? {} : { filters: JSON.stringify(filters) }),
  });
  const path = query.size === 0 ? '/events' : `/events?${query}`;
  const answer = await engine.request({ method: 'GET', path, signal });
  if (answer.status !== 200) throw await refusal(answer);
  return jsonLines(answer.body);
}
