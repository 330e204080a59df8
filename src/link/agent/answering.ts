import { Readable } from 'node:stream';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { readWhole } from '../h2/body.ts';
import type { AgentAnswers, EngineRequest, EngineResponse, HostEngine } from '../ports.ts';

/** Longest question, bytes. */
const MAX_QUESTION = 64 * 1024;

/** Questions to the agent itself, in the form in which its engine is asked: `POST`, JSON both ways. */
export function answering(answers: AgentAnswers): HostEngine {
  const request = async ({ method, path, body, signal }: EngineRequest): Promise<EngineResponse> => {
    const answer = method === 'POST' && Object.hasOwn(answers, path) ? answers[path] : undefined;
    if (answer === undefined) return json(404, { message: `this agent knows no ${method} ${path}` });
    const ended = signal ?? new AbortController().signal;
    return json(200, await answer(await questionIn(body), ended));
  };
  return { request, upgrade: async (asked) => ({ kind: 'response', ...(await request(asked)) }) };
}

async function questionIn(body: EngineRequest['body']): Promise<unknown> {
  const bytes = body instanceof Readable ? await readWhole(body, MAX_QUESTION) : (body ?? '');
  try {
    return JSON.parse(typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new BerthError('bad_request', `the question is no JSON: ${messageOf(cause)}`);
  }
}

function json(status: number, value: unknown): EngineResponse {
  const text = JSON.stringify(value);
  return {
    status,
    headers: { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) },
    body: Readable.from([Buffer.from(text)]),
  };
}
