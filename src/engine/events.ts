import { refusal } from './docker/answers.ts';
import type { Engine } from './engine.ts';
import { type JsonLine, jsonLines } from './json-lines.ts';

export type EventStream = AsyncIterable<JsonLine>;

/**
 * Opens `GET /events`. Resolves once the engine has begun to answer: whatever happens from then on is in the stream.
 * The stream ends when the engine goes away or `signal` fires.
 * @param since `seconds.nanoseconds`; engines keep their last 256 events and send those not older than this first
 * @throws BerthError `engine`, `host_down`; while reading also `engine` for garbage
 */
export async function openEvents(
  engine: Engine,
  options: Readonly<{ since?: string; signal?: AbortSignal }> = {},
): Promise<EventStream> {
  const query = options.since === undefined ? '' : `?since=${encodeURIComponent(options.since)}`;
  const answer = await engine.request({ method: 'GET', path: `/events${query}`, signal: options.signal });
  if (answer.status !== 200) throw await refusal(answer);
  return jsonLines(answer.body);
}
