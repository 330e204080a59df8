import { tryLockMachine } from './alone.ts';
import { LabError } from './run.ts';

/** Enough for every run that a machine carries; below 256, so that it may be part of an address. */
const MOST = 200;

/**
 * A number that no other run on this machine has, from 0, for names, addresses and ports of a test outside of a lab. It is
 * kept until this process ends; whatever bears it before is left of a run that was killed, and may be removed.
 * @throws LabError when all are taken
 */
export async function ownNumber(): Promise<number> {
  for (let number = 0; number < MOST; number++)
    if ((await tryLockMachine(`own-${number}`)) !== undefined) return number;
  throw new LabError(`all ${MOST} numbers of tests are taken: end a run`);
}
