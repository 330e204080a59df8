import { encryptionSuite } from './encryption.ts';
import type { Suite } from './protocol.ts';

/** All tests that run in the guest, by the names under which they are reported. */
export const SUITES: Readonly<Record<string, Suite>> = {
  'an encrypted network': encryptionSuite(4),
};
