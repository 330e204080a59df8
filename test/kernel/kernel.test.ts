import { afterAll, beforeAll, describe, it } from 'vitest';
import { SUITES } from './guest/suites.ts';
import { GuestMachine } from './machine.ts';

/** Longer than a test takes on a machine that does much else. */
const TEST_MS = 240_000;

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
    it.each(Object.keys(tests))('%s', async (name) => {
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
    });
  });
}
