import { expect, it } from 'vitest';
import { ROUTE_FIELDS } from '../../../../src/contract/v1/balancers.ts';
import { ruleText } from './rule-text.ts';

it.each(Object.keys(ROUTE_FIELDS))('says what %s does, in both languages', (rule) => {
  expect(ruleText(rule, 'zh')).toMatch(/\p{Script=Han}.*。$/u);
  expect(ruleText(rule, 'en')).toMatch(/^[^`\\]+\.$/);
});

it('says nothing of a rule that it does not know', () => {
  expect(ruleText('no-such-rule', 'zh')).toBe('');
});
