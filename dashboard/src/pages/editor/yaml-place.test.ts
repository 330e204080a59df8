import { describe, expect, it } from 'vitest';
import { namesUnder, yamlPlace } from './yaml-place.ts';

/** The place of `|` in a text. */
function at(text: string) {
  const [before = ''] = text.split('|');
  const lines = before.split('\n');
  return yamlPlace(lines.at(-1) ?? '', lines.slice(0, -1));
}

describe('the place of a cursor', () => {
  it.each([
    ['ser|', [], 'key', '', 'ser'],
    ['services:\n  |', ['services'], 'key', '', ''],
    ['services:\n  web:\n    im|', ['services', 'web'], 'key', '', 'im'],
    ['services:\n  web:\n    pull_policy: al|', ['services', 'web'], 'value', 'pull_policy', 'al'],
    ['services:\n  web:\n    ports:\n      - pub|', ['services', 'web', 'ports', '[]'], 'key', '', 'pub'],
    ['services:\n  web:\n    ports:\n    - pub|', ['services', 'web', 'ports', '[]'], 'key', '', 'pub'],
    [
      'services:\n  web:\n    ports:\n      - target: 80\n        pro|',
      ['services', 'web', 'ports', '[]'],
      'key',
      '',
      'pro',
    ],
    ['services:\n  web:\n    ports:\n      - target: 80\n    im|', ['services', 'web'], 'key', '', 'im'],
    [
      'services:\n  "a.b":\n    # deploy:\n\n    deploy:\n      mode: |',
      ['services', 'a.b', 'deploy'],
      'value',
      'mode',
      '',
    ],
    [
      'services:\n  a:\n    image: x\n  b:\n    deploy:\n      res|',
      ['services', 'b', 'deploy'],
      'key',
      '',
      'res',
    ],
    ['services:\n  a: { image: x }\nvol|', [], 'key', '', 'vol'],
  ])('%j', (text, path, kind, key, typed) => {
    expect(at(text)).toMatchObject({ path, kind, key, typed });
  });

  it('is none in comments, and where brackets say more than indentation', () => {
    for (const text of ['# ser|', 'services: # x|', 'services:\n  web: { im|', 'a:\n  [b|'])
      expect(at(text)).toBeUndefined();
  });
});

it('finds names at the top of the file', () => {
  const text = 'services:\n  web:\n    image: x\n\n  # no\n  "a b":\n    image: y\nvolumes:\n  data:\n';
  expect(namesUnder('services', text)).toEqual(['web', 'a b']);
  expect(namesUnder('volumes', text)).toEqual(['data']);
  expect(namesUnder('networks', text)).toEqual([]);
});
