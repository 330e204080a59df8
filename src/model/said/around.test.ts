import { expect, it } from 'vitest';
import { around } from './around.ts';
import { SENTENCES } from './index.ts';
import { readerOf } from './sentence.ts';

it('has each sentence with words around it', () => {
  const sentences = { a: 'was stopped', b: 'ended with {#code}' } as const;
  const named = around(sentences, 'of', '{+name} ', ' then');
  const typed: '{+name} was stopped then' = named['a.of'];
  expect(named).toEqual({ 'a.of': typed, 'b.of': '{+name} ended with {#code} then' });
});

it('tells who it is from what is said of it, by words of its own alone', () => {
  const read = readerOf(SENTENCES);
  expect(read('shop-web-1 was stopped by hand')?.values).toEqual({ name: 'shop-web-1' });
  expect(read('shop-web-1 is being made, though there was time enough')?.key).toBe(
    'services.said.made.late.of',
  );
  expect(read('is being made, though there was time enough')?.key).toBe('services.said.made.late');
  for (const text of ['shop-web-1 no such device', 'shop-web-1 is paused', 'h1 is on fire'])
    expect(read(text)).toBeUndefined();
});
