import type { Readable } from 'node:stream';
import { AGENT_PREFIX, QUESTION_KEY } from '../../contract/link.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { say } from '../../model/said/index.ts';
import { readWhole } from '../h2/body.ts';
import type { EngineRequest } from '../ports.ts';
import { type CallTarget, callHost } from './engine-call.ts';

/** Longest answer, bytes. */
const MAX_ANSWER = 1024 * 1024;

/** Asks a host's agent something itself; see `Agents.ask`. */
export async function askAgent(
  target: CallTarget,
  path: string,
  question: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify(question);
  return answerTo(target, { method: 'POST', path, headers, body, signal });
}

/** Asks it something with bytes behind the question; see `Agents.send`. */
export async function sendToAgent(
  target: CallTarget,
  path: string,
  question: unknown,
  sent: Readable,
  signal: AbortSignal,
): Promise<unknown> {
  const query = new URLSearchParams({ [QUESTION_KEY]: JSON.stringify(question) });
  const headers = { 'content-type': 'application/octet-stream' };
  return answerTo(target, { method: 'POST', path: `${path}?${query}`, headers, body: sent, signal });
}

async function answerTo(target: CallTarget, request: EngineRequest): Promise<unknown> {
  const answer = await callHost(target, AGENT_PREFIX, request);
  const text = Buffer.from(await readWhole(answer.body, MAX_ANSWER)).toString('utf8');
  if (answer.status === 404)
    throw new BerthError('unsupported', say('hosts.reach.agent.old', { host: target.hostName }), {
      hint: say('hosts.reach.agent.old.hint', { host: target.hostName }),
    });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BerthError(
      'internal',
      `the agent of host ${target.hostName} answered ${answer.status} in words that are no JSON: ${messageOf(cause)}`,
    );
  }
}
