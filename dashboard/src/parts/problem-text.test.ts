import { expect, it } from 'vitest';
import { BerthError } from '../../../src/contract/page-client.ts';
import { problemText, problemToast } from './problem-text.ts';

const taken = new BerthError('conflict', 'there is a volume data already', { hint: 'take another name' });

it('is the manager’s sentence in English', () => {
  expect(problemText(taken, 'en')).toEqual({
    title: 'there is a volume data already',
    hint: 'take another name',
  });
  expect(problemToast(taken, 'en')).toMatchObject({ text: 'take another name' });
});

it('has a headline in Chinese, with the sentence beneath', () => {
  expect(problemText(taken, 'zh')).toEqual({
    ...{ title: '与现状冲突', detail: 'there is a volume data already', hint: 'take another name' },
  });
  expect(problemToast(taken, 'zh').text).toBe('there is a volume data already · take another name');
});

it('says what else was thrown as it is', () => {
  for (const language of ['en', 'zh'] as const)
    expect(problemToast(new Error('broken'), language)).toEqual({ tone: 'bad', title: 'broken' });
});
