import { expect, it } from 'vitest';
import {
  DEFAULTS,
  differences,
  fieldOf,
  kindOf,
  patchOf,
  problemOf,
  SETTING_KEYS,
  typedValue,
} from './settings-draft.ts';

it('types every setting by its schema, and reads back what stands in its field', () => {
  expect(SETTING_KEYS.length).toBeGreaterThan(25);
  expect(
    ['strategy', 'routerPort', 'acmeTermsAgreed', 'routerTrust', 'appsDomain'].map((key) =>
      kindOf(key as 'strategy'),
    ),
  ).toEqual(['text', 'number', 'flag', 'list', 'text']);
  for (const key of SETTING_KEYS) {
    expect(typedValue(key, fieldOf(DEFAULTS[key])), key).toEqual(DEFAULTS[key]);
    expect(problemOf(key, fieldOf(DEFAULTS[key])), key).toBeUndefined();
  }
});

it('says what is wrong before the manager does', () => {
  expect(problemOf('routerPort', '70000')).toContain('65535');
  expect(problemOf('routerPort', 'http')).toBe('"http" is not a number');
  expect(problemOf('routerPort', '')).toBeUndefined();
  expect(problemOf('routerTrust', '10.0.0.0/8\nnot this')).toContain('"not this" is neither an IP address');
  expect(problemOf('appsDomain', 'Apps.example.com')).toBeDefined();
});

it('changes what was typed and is not so already, and tells what somebody else has changed', () => {
  const draft = { strategy: 'binpack', routerPort: '80', routerTrust: '10.0.0.0/8\n\n', drainMs: '' };
  expect(patchOf(draft, DEFAULTS)).toEqual({
    strategy: 'binpack',
    routerTrust: ['10.0.0.0/8'],
    drainMs: null,
  });
  const theirs = { ...DEFAULTS, strategy: 'random', networkPools: ['10.0.0.0/8:24'] };
  expect(differences(DEFAULTS, theirs)).toEqual([
    { key: 'strategy', before: 'spread', after: 'random' },
    { key: 'networkPools', before: '10.128.0.0/9:20', after: '10.0.0.0/8:24' },
  ]);
});
