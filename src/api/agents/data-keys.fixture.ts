import { systemClock } from '../../kit/clock.ts';
import { DataKeys, KEY_ROTATION_MS } from './data-keys.ts';

/** Keys from a secret that is none, for tests. */
export function testKeys(): DataKeys {
  return new DataKeys(
    { secret: new Uint8Array(32), clusterId: 'c1', rotationMs: KEY_ROTATION_MS },
    systemClock,
  );
}
