import { Readable } from 'node:stream';
import { QUESTION_KEY } from '../../contract/link.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { readWhole } from '../h2/body.ts';
import type { AgentAnswers, EngineRequest, EngineResponse, HostEngine } from '../ports.ts';

/** Longest question, bytes. */
const MAX_QUESTION = 64 * 1024;

/**
 * Questions to the agent itself, in the form in which its engine is asked: `POST`, JSON both ways. A question with bytes
 * behind it is in the query, and they are the body.
 */
export function answering(answers: AgentAnswers): HostEngine {
  const request = async ({ method, path, body, signal }: EngineRequest): Promise<EngineResponse> => {
    const [name = '', query] = path.split('?');
    const answer = method === 'POST' && Object.hasOwn(answers, name) ? answers[name] : undefined;
    if (answer === undefined) return json(404, { message: `this agent knows no ${method} ${name}` });
    const ended = signal ?? new AbortController().signal;
    const sent = body instanceof Readable ? body : Readable.from(body === undefined ? [] : [body]);
    if (query !== undefined) {
      const question = parsed(new URLSearchParams(query).get(QUESTION_KEY) ?? '');
      return json(200, await answer(question, ended, sent));
    }
    const question = parsed(Buffer.from(await readWhole(sent, MAX_QUESTION)).toString('utf8'));
    return json(200, await answer(question, ended, Readable.from([])));
  };
  return { request, upgrade: async (asked) => ({ kind: 'response', ...(await request(asked)) }) };
}

function parsed(question: string): unknown {
  try {
    return JSON.parse(question);
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
