import { expect, it } from 'vitest';
import type { Member } from '../../model/span.ts';
import { elsewhere, membersAfter } from './member-lists.ts';

const member = (id: string, hostId: string): Member => ({
  ...{ id, hostId, via: '', names: [], up: true, mac: '02:00:00:00:00:01' },
});

it('changes add up, and a whole list puts an end to what was before', () => {
  const [a, b, moved] = [member('a', 'h1'), member('b', 'h2'), member('a', 'h2')];
  expect(membersAfter([a], { whole: false, put: [b], drop: [] })).toEqual([a, b]);
  expect(membersAfter([a, b], { whole: false, put: [moved], drop: ['b'] })).toEqual([moved]);
  expect(membersAfter([a, b], { whole: true, put: [moved], drop: [] })).toEqual([moved]);
});

it('what has come here is elsewhere no more', () => {
  const [here, there] = [member('a', 'h1'), member('b', 'h2')];
  expect(elsewhere({ whole: false, put: [here, there], drop: ['c'] }, 'h1')).toEqual({
    ...{ whole: false, put: [there], drop: ['c', 'a'] },
  });
});
