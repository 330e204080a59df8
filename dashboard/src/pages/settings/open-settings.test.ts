import { expect, it } from 'vitest';
import { keepTyped, typedBy } from './open-settings.ts';
import { DEFAULTS } from './settings-draft.ts';

it('keeps what one person has typed, and what it was typed over, and shows it to nobody else', () => {
  const typed = { draft: { drainMs: '9000' }, base: { settings: DEFAULTS, version: '3' } };
  expect(typedBy('anna').draft).toEqual({});
  keepTyped('anna', typed);
  expect(typedBy('anna')).toBe(typed);
  expect(typedBy('ben')).toEqual({ draft: {}, base: undefined });
  keepTyped('ben', { draft: { drainMs: '1' }, base: typed.base });
  expect(typedBy('anna').draft).toEqual({});
});
