import { afterAll, beforeAll, describe, it } from 'vitest';
import { SUITES } from './guest/suites.ts';
import { GuestMachine } from './machine.ts';

/** Longer than a test, and what its suite sets up, takes on a machine that does much else. */
const TEST_MS = 600_000;
/** The test behind one that has hung boots another guest first. */
const BOOT_MS = 400_000;

let guest: GuestMachine | undefined;
const machine = async () => {
  guest ??= await GuestMachine.boot();
  return guest;
};
beforeAll(async () => {
  console.log(`kernel of the guest: ${(await machine()).kernel}`);
});
afterAll(() => guest?.stop());

for (const [suite, { tests }] of Object.entries(SUITES)) {
  describe(suite, () => {
    const perform = async (name: string) => {
      const running = await machine();
      try {
        await running.run({ suite, name }, TEST_MS);
      } catch (thrown) {
        // one that hangs would hold up all others, a broken one fail them
        if (!running.usable) {
          guest = undefined;
          await running.stop();
        }
        throw thrown;
      }
    };
    it.each(Object.keys(tests))('%s', perform, TEST_MS + BOOT_MS);
  });
}
