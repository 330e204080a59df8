/** One line of JSON each, by a serial port: which test is to be run, and how it went. Both empty: the guest is up. */
export type Question = Readonly<{ suite: string; name: string }>;

/** `error`: what was wrong; undefined where the test has passed. `broken`: no other test can follow. */
export type Answer = Question & Readonly<{ error?: string; broken?: boolean }>;

/** Tests that share what `setUp` makes; `tearDown` takes it away once a test of another suite is asked for. */
export type Suite = Readonly<{
  setUp(): Promise<void>;
  tearDown(): Promise<void>;
  tests: Readonly<Record<string, () => Promise<void>>>;
}>;
