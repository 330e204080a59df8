import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { Engine } from '../../engine/index.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { withSignal } from '../../kit/linked-signal.ts';
import { say } from '../../model/said/index.ts';
import { inspectExec, type SignalProcess, signalProcess } from '../exec-process.ts';
import { checked } from '../listing.ts';
import { type Checker, type CheckResult, failed, ok, timedOut, unknown } from './check.ts';
import type { OwnExecs } from './own-execs.ts';

/** How long the engine itself may take for each of its parts beyond the command's own time. */
const ENGINE_MS = 10_000;
/** Of a command's output so much is kept. Bytes. */
const MAX_OUTPUT = 1_024;
const FRAME_HEAD = 8;

const createdSchema = z.looseObject({ Id: z.string().regex(/^[0-9a-f]{64}$/) });

/**
 * Healthy where the command exits with 0. The engine runs it, without a shell; one that takes too long is killed.
 * @param execs told of each, so that its events are not everybody's
 */
export function execCheck(execs: OwnExecs, kill: SignalProcess = signalProcess): Checker<'exec'> {
  return async ({ argv }, { engine, target, timeoutMs, signal: stopping }) => {
    const { engineId } = target;
    const began = performance.now();
    const run = execs.begin(engineId, argv);
    let execId: string | undefined;
    try {
      return await withSignal([stopping], timeoutMs + ENGINE_MS, async (signal) => {
        const body = { AttachStdout: true, AttachStderr: true, Cmd: argv };
        const path = `/containers/${engineId}/exec`;
        const answer = await engine.json('POST', path, body, signal);
        execId = checked(path, () => createdSchema.parse(answer)).Id;
        run.is(execId);
        const ran = await output(engine, execId, timeoutMs, signal);
        if (ran.late) {
          await end(engine, execId, engineId, kill, signal);
          return timedOut(began, timeoutMs);
        }
        const { ExitCode, Running } = await inspectExec(engine, execId, signal);
        if (Running || typeof ExitCode !== 'number') return unknown('its engine does not say how it ended');
        const code = ExitCode;
        const said =
          ran.text === ''
            ? say('services.probe.exit', { code })
            : say('services.probe.exit.said', { code, text: ran.text });
        return code === 0 ? ok(said) : failed(said);
      });
    } catch (thrown) {
      return refused(thrown);
    } finally {
      run.over();
    }
  };
}

/** Refused as it is no container that runs, or not answered at all: that is no word of the container's. */
function refused(thrown: unknown): CheckResult {
  const status = thrown instanceof BerthError && thrown.code === 'engine' ? thrown.status : undefined;
  // The command is not there, or may not be run: in the engine's words.
  if (status === 400 || status === 500) return failed(messageOf(thrown));
  return unknown(messageOf(thrown));
}

/** What the command says, the beginning of it; `late` where it has not ended in time. */
async function output(
  engine: Engine,
  execId: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Readonly<{ text: string; late: boolean }>> {
  const answer = await engine.request({
    method: 'POST',
    path: `/exec/${execId}/start`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ Detach: false, Tty: false }),
    signal,
  });
  const { body, status } = answer;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    body.destroy();
  }, timeoutMs);
  const text = await firstWords(body).finally(() => clearTimeout(timer));
  if (status >= 400 && !late) throw new BerthError('engine', engineWords(text), { status });
  return { text: status >= 400 ? '' : withoutFrames(text), late };
}

async function firstWords(body: Readable): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of body as AsyncIterable<Buffer>) {
      // Read to its end, as the end says that the command has ended.
      if (length < MAX_OUTPUT) parts.push(part.subarray(0, MAX_OUTPUT - length));
      length += part.length;
    }
  } catch {
    // Broken off by us, or by an engine which is asked next how the command ended.
  }
  return Buffer.concat(parts);
}

/** Docker's raw stream: heads of 8 bytes, the last four the length of what follows (moby: pkg/stdcopy). */
function withoutFrames(raw: Buffer): string {
  let text = '';
  for (let at = 0; at + FRAME_HEAD <= raw.length; ) {
    const length = raw.readUInt32BE(at + 4);
    text += raw.subarray(at + FRAME_HEAD, at + FRAME_HEAD + length).toString('utf8');
    at += FRAME_HEAD + length;
  }
  return text;
}

function engineWords(raw: Buffer): string {
  const text = raw.toString('utf8');
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message : text;
  } catch {
    return text;
  }
}

async function end(
  engine: Engine,
  execId: string,
  engineId: string,
  kill: SignalProcess,
  signal: AbortSignal,
): Promise<void> {
  const { Running, Pid } = await inspectExec(engine, execId, signal);
  if (Running && typeof Pid === 'number' && Pid > 1) await kill(Pid, engineId, 'SIGKILL');
}
