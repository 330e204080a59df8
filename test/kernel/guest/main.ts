import { createInterface } from 'node:readline';
import { type DriverOf, serveDriver } from './driver-process.ts';
import type { Answer, Question, Suite } from './protocol.ts';
import { SUITES } from './suites.ts';

/** The guest's side: runs the tests that are asked for, one after the other. With an argument: a host's driver. */
async function serveTests(): Promise<void> {
  let suite: Suite | undefined;
  const tell = (answer: Answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
  const perform = async (question: Question) => {
    const wanted = SUITES[question.suite];
    const test = wanted?.tests[question.name];
    if (wanted === undefined || test === undefined) throw new Error('there is no such test in the guest');
    if (suite !== wanted) {
      const before = suite;
      suite = undefined;
      await before?.tearDown();
      await wanted.setUp();
      suite = wanted;
    }
    await test();
  };
  tell({ suite: '', name: '' });
  for await (const line of createInterface({ input: process.stdin })) {
    const question = JSON.parse(line) as Question;
    const began = performance.now();
    let error: string | undefined;
    try {
      await perform(question);
    } catch (thrown) {
      error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    }
    console.error(`${question.suite}: ${question.name}: ${Math.round(performance.now() - began)} ms`);
    // what a suite has set up half way is in the way of the next one
    tell({ ...question, ...(error === undefined ? {} : { error, broken: suite === undefined }) });
  }
}

const [driver] = process.argv.slice(2);
if (driver === undefined) await serveTests();
else serveDriver(JSON.parse(driver) as DriverOf);
