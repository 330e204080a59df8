import { expect, it } from 'vitest';
import type { ReleaseRecord } from '../../model/deployment.ts';
import { refuseOtherWeight } from './as-seen.ts';

it('refuses to set a share of the requests that is another one by now, and says nothing where none was seen', () => {
  const release = (weight?: number) =>
    ({
      ...{ number: 3, reason: '' },
      ...(weight === undefined ? {} : { shift: { weight, step: -1, since: 0 } }),
    }) as ReleaseRecord;
  expect(() => refuseOtherWeight(release(0), 20)).toThrow(expect.objectContaining({ code: 'conflict' }));
  expect(() => refuseOtherWeight(release(20), 20)).not.toThrow();
  expect(() => refuseOtherWeight(release(0), undefined)).not.toThrow();
  expect(() => refuseOtherWeight(release(), 20)).not.toThrow();
});
