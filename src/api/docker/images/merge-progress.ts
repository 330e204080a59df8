import { BerthError, messageOf } from '../../../kit/errors.ts';
import type { EngineResponse } from '../../../link/ports.ts';
import type { DockerCall } from '../call.ts';
import type { HostRef } from '../fanout.ts';
import { asInputFault } from '../input-fault.ts';
import { errorIn, type ProgressLine, ProgressWriter, progressLines } from './json-stream.ts';

export type HostFailure = Readonly<{ host: HostRef; error: unknown }>;
export type ProgressOutcome = Readonly<{ done: readonly HostRef[]; failed: readonly HostFailure[] }>;

/**
 * Does the same on several hosts and shows the client one stream of their progress, at its own pace. With more than one
 * host, IDs and statuses carry the host's name, so that the CLI keeps a line for each; what all say alike (`stream`) is
 * shown once. The head goes out with the first line. A host that fails is named in the stream; the whole has failed only where every host did, as an HTTP error
 * while nothing has been sent. Does not end the answer.
 * @param open sends the request; throws where the engine refuses it
 * @param writer where the answer has begun already
 */
export async function mergeProgress(
  call: Pick<DockerCall, 'res' | 'signal'>,
  hosts: readonly HostRef[],
  open: (host: HostRef) => Promise<EngineResponse>,
  writer = new ProgressWriter(call.res),
): Promise<ProgressOutcome> {
  const done: HostRef[] = [];
  const failed: HostFailure[] = [];
  const said = new Set<string>();
  const many = hosts.length > 1;
  let told = false;
  await Promise.all(
    hosts.map(async (host) => {
      try {
        const answer = await open(host);
        for await (const line of linesOf(answer)) {
          const error = errorIn(line);
          if (error !== undefined && !many && writer.hasBegun) {
            // As it is, with the engine's own code in it.
            await writer.write(line);
            told = true;
          }
          if (error !== undefined) throw new BerthError('engine', error, { status: 500 });
          if (many && (line.stream !== undefined || line.aux !== undefined)) {
            const text = JSON.stringify(line);
            if (said.has(text)) continue;
            said.add(text);
          }
          await writer.write(many ? named(host, line) : line);
        }
        done.push(host);
      } catch (thrown) {
        failed.push({ host, error: asInputFault(thrown) });
      }
    }),
  );
  call.signal.throwIfAborted();
  if (done.length === 0) {
    const error = together(failed);
    if (!writer.hasBegun) throw error;
    if (!told) await writer.fail(messageOf(error));
  } else {
    writer.begin();
    for (const { host, error } of failed)
      await writer.write({ status: `${host.name}: failed: ${messageOf(error)}` });
  }
  return { done, failed };
}

/** The lines of an answer; one that breaks off is the host's loss, in one sentence. */
export async function* linesOf(answer: EngineResponse): AsyncGenerator<ProgressLine> {
  try {
    yield* progressLines(answer.body);
  } catch (thrown) {
    if (thrown instanceof BerthError) throw thrown;
    throw new BerthError('host_down', `the host was lost in the middle: ${messageOf(thrown)}`);
  }
}

/** The line with the host's name in front of what the CLI tells lines apart by. */
function named(host: HostRef, line: ProgressLine): ProgressLine {
  if (typeof line.id === 'string' && line.id !== '') return { ...line, id: `${host.name} ${line.id}` };
  if (typeof line.status === 'string') return { ...line, status: `${host.name}: ${line.status}` };
  return line;
}

/** One error for all hosts: the engine's own where they agree, else each with its host's name. */
export function together(failures: readonly HostFailure[]): BerthError {
  const [first] = failures;
  const texts = new Set(failures.map(({ error }) => messageOf(error)));
  const own = first?.error instanceof BerthError ? first.error : undefined;
  if (texts.size === 1 && own !== undefined) return own;
  const message = failures
    .map(({ host, error }) => `${host.name}: ${messageOf(error)}`)
    .toSorted()
    .join('; ');
  return new BerthError(own?.code ?? 'engine', message, { status: own?.status });
}
