import { expect, it } from 'vitest';
import { styledOf } from './ansi.ts';

const E = '\x1b[';

it('leaves what is plain as it is', () => {
  expect(styledOf('GET /日本 200 \t é')).toEqual({ text: 'GET /日本 200 \t é', spans: [] });
});

it('finds what is to look different, over several sequences', () => {
  expect(styledOf(`${E}1;31mERROR${E}0m it ${E}32mis${E}39m over`)).toEqual({
    text: 'ERROR it is over',
    spans: [
      { from: 0, to: 5, className: 'ansi-red ansi-bold' },
      { from: 9, to: 11, className: 'ansi-green' },
    ],
  });
  expect(styledOf(`${E}4;3;2mx${E}22;23;24my${E}m`).spans).toEqual([
    { from: 0, to: 1, className: 'ansi-dim ansi-italic ansi-underline' },
  ]);
});

it('takes the colours that have names, and passes over the parameters of others', () => {
  expect(styledOf(`${E}38;5;9ma${E}38;5;200mb${E}38;2;1;2;3;1mc${E}48;5;1;94md`).spans).toEqual([
    { from: 0, to: 1, className: 'ansi-red' },
    { from: 2, to: 3, className: 'ansi-bold' },
    { from: 3, to: 4, className: 'ansi-blue ansi-bold' },
  ]);
});

it('takes out what moves, asks, names the window, or is no text', () => {
  const raw = `a${E}2Kb${E}?25lc\x1b]0;title\x07d\x1bMe\x00\x08f\x7fg\r`;
  expect(styledOf(raw)).toEqual({ text: 'abcdefg', spans: [] });
  expect(styledOf(`x${E}999999999999999999my\x1b`).text).toBe('xy\x1b'.slice(0, 2));
});
