import { expect, it } from 'vitest';
import { holesOf, SENTENCES, type SentenceKey } from '../../../../src/contract/said.ts';
import { CHINESE, inChinese } from './zh.ts';

it('says in each sentence what the manager says in it', () => {
  for (const [key, template] of Object.entries(SENTENCES) as [SentenceKey, string][]) {
    const names = [...CHINESE[key].matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect([key, names.sort()]).toEqual([key, [...holesOf(template).keys()].sort()]);
  }
});

it('leaves what it does not know', () => {
  expect(inChinese('hosts h1, h2 and 3 more: on fire')).toBe('主机 h1, h2 等，另有 3 台：on fire');
  expect(inChinese('an engine said: no')).toBe('an engine said: no');
});
