import type { Reporter, TestCase } from 'vitest/node';

/** Tells what failed as soon as it has, where vitest's own reporters wait for the end: a run that is ended before has told it. */
export default class FailuresAtOnce implements Reporter {
  onTestCaseResult(test: TestCase): void {
    const result = test.result();
    if (result.state !== 'failed') return;
    const lines = result.errors.map((error) => error.stack ?? error.message);
    process.stdout.write(`FAILED ${test.module.relativeModuleId}: ${test.fullName}\n${lines.join('\n')}\n`);
  }

  onTestModuleEnd(module: Parameters<NonNullable<Reporter['onTestModuleEnd']>>[0]): void {
    for (const error of module.errors())
      process.stdout.write(`FAILED ${module.relativeModuleId}\n${error.stack ?? error.message}\n`);
  }
}
