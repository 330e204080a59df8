import { parentPort } from 'node:worker_threads';
import { readSent, type SentStack } from '../compose/sent.ts';
import { messageOf } from '../kit/errors.ts';
import { placementProblem } from '../scheduler/placement-problem.ts';
import type { ComposeReply } from './compose-thread.ts';

/** What runs in the thread of `ComposeThread`: reads the files of one message after the other. */
parentPort?.on('message', (sent: SentStack) => parentPort?.postMessage(reply(sent)));

function reply(sent: SentStack): ComposeReply {
  try {
    return { answer: readSent(sent, placementProblem) };
  } catch (thrown) {
    return { failed: messageOf(thrown) };
  }
}
