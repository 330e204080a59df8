import type { LogItem } from '../../contract/v1/services.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { containerPath, type Target } from '../docker/containers/find.ts';
import type { DockerDeps } from '../docker/deps.ts';
import { ask } from '../docker/passthrough.ts';
import { servedVersions } from '../docker/version.ts';
import { type LoggedLine, linesOf } from './log-frames.ts';

export type LogLine = LoggedLine & Readonly<{ kind: 'line'; source: LineSource }>;
export type LogPart = LogLine | LogNote;
type LogNote = Readonly<{
  kind: 'note';
  text: string;
  /** The log goes on, out of sight: its host is lost. */
  isLost?: boolean;
}>;

/** Whose a line is. */
export type LineSource = Readonly<{
  /** Name and ID of the container. */
  container: string;
  id: string;
  /** Empty for one that is of no service. */
  service: string;
  hostId: string;
  hostName: string;
}>;

/** A container whose log can be read now. */
export type LogSource = Readonly<{
  target: Target;
  service: string;
  /** It has a terminal: its log has no frames. */
  raw: boolean;
  /** Only what was written there; to both, if undefined. */
  stream: LoggedLine['stream'] | undefined;
  startedAt: number;
}>;

/** What a container has written, as its engine has kept it. Where that fails, a note says why. */
export async function* readLog(
  deps: DockerDeps,
  { target, service, raw, stream }: LogSource,
  params: Readonly<Record<string, string>>,
  signal: AbortSignal,
): AsyncGenerator<LogPart> {
  const query = new URLSearchParams({ timestamps: '1', ...params });
  for (const name of stream === undefined ? ['stdout', 'stderr'] : [stream]) query.set(name, '1');
  const path = `/v${servedVersions(deps.store).api}${containerPath(target, '/logs')}?${query}`;
  const { name: container, id, hostName, hostId } = target;
  const source = { container, id, service, hostId, hostName };
  try {
    const { body } = await ask({ deps }, hostId, { method: 'GET', path, signal });
    for await (const line of linesOf(body, raw)) yield { kind: 'line', source, ...line };
  } catch (thrown) {
    if (signal.aborted) return;
    const text = `container ${container}: ${messageOf(thrown)}`;
    yield {
      kind: 'note',
      text,
      ...(thrown instanceof BerthError && thrown.retryable ? { isLost: true } : {}),
    };
  }
}

/** As the API tells it: what is no UTF-8 is replaced. */
export function textOf(part: LogPart): LogItem {
  if (part.kind === 'note') return part;
  const { source, stream, at, bytes } = part;
  const { container, service, hostName } = source;
  return { kind: 'line', container, service, hostName, stream, at, text: bytes.toString('utf8') };
}
