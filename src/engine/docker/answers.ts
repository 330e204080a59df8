import { BerthError, messageOf } from '../../kit/errors.ts';
import type { RawResponse } from '../engine.ts';

/** Longest JSON answer that is read whole, bytes. */
const MAX_JSON = 64 * 1024 * 1024;
/** Longest part of an engine's error that is shown. */
const MAX_MESSAGE = 8 * 1024;

/** True where `thrown` is a system error with one of the codes. */
export function isErrno(thrown: unknown, ...codes: string[]): boolean {
  return thrown instanceof Error && 'code' in thrown && codes.includes(String(thrown.code));
}

/** The error of an engine that cannot be reached or broke off. */
export function noAnswer(cause: unknown): BerthError {
  const why = isErrno(cause, 'ENOENT', 'ECONNREFUSED') ? 'is it running?' : 'see its log';
  return new BerthError('host_down', `the Docker Engine does not answer (${messageOf(cause)}): ${why}`, {
    cause,
  });
}

/**
 * The engine's own error, from its `{"message"}`. Reads the body to its end. A 500 in other words is not its own: nobody
 * knows what was done, and it counts as no answer (502).
 */
export async function refusal(answer: RawResponse): Promise<BerthError> {
  const text = await readText(answer, MAX_JSON);
  let message = text.trim().slice(0, MAX_MESSAGE);
  let strange = answer.status >= 500;
  try {
    const parsed: unknown = JSON.parse(text);
    if (
      typeof parsed === 'object' &&
      parsed !== null &&
      'message' in parsed &&
      typeof parsed.message === 'string'
    ) {
      message = parsed.message;
      strange = false;
    }
  } catch {
    // Not JSON (a proxy, an old engine): the text itself is the message.
  }
  if (strange) {
    const words = message.slice(0, 80);
    const said = `the Docker Engine answered ${answer.status} in words that are not its own: "${words}"`;
    return new BerthError('engine', said, { status: 502 });
  }
  return new BerthError('engine', message || `the Docker Engine answered with status ${answer.status}`, {
    status: answer.status,
  });
}

/** The JSON of an answer; undefined where it is empty (204, 304). */
export async function readJson(answer: RawResponse): Promise<unknown> {
  const text = await readText(answer, MAX_JSON);
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BerthError(
      'engine',
      `the Docker Engine answered with what is not JSON: "${text.slice(0, 80)}"`,
      {
        status: 502,
        cause,
      },
    );
  }
}

async function readText(answer: RawResponse, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limit) {
        throw new BerthError('engine', `the Docker Engine's answer is longer than ${limit} bytes`, {
          status: 502,
        });
      }
      chunks.push(chunk);
    }
  } catch (thrown) {
    throw thrown instanceof BerthError ? thrown : noAnswer(thrown);
  }
  return Buffer.concat(chunks).toString('utf8');
}
