import fc from 'fast-check';
import { expect, it } from 'vitest';
import { endToEnd, isBodiless, requestHeaders } from './headers.ts';

it('drops what is of one hop, what Connection names, and what only the link may say', () => {
  const given = {
    Connection: 'Upgrade, X-Mine',
    Upgrade: 'tcp',
    'X-Mine': '1',
    'Transfer-Encoding': 'chunked',
    Host: 'docker',
    Expect: '100-continue',
    'Berth-Error': 'internal',
    ':path': '/other',
    'Content-Length': 5,
    'X-Many': ['a', 'b'],
    'X-None': undefined,
  };
  expect(endToEnd(given)).toEqual({ 'content-length': '5', 'x-many': ['a', 'b'] });
  expect(requestHeaders(given)).toEqual({ 'content-length': '5', 'x-many': 'a, b' });
});

it('never lets a header through that HTTP/2 forbids, however it is written', () => {
  const name = fc.constantFrom(
    'connection',
    'upgrade',
    'te',
    'host',
    'keep-alive',
    'transfer-encoding',
    'berth-stream',
    'x-a',
  );
  const written = fc
    .tuple(name, fc.array(fc.boolean()))
    .map(([text, upper]) =>
      [...text].map((letter, n) => (upper[n] === true ? letter.toUpperCase() : letter)).join(''),
    );
  fc.assert(
    fc.property(fc.dictionary(written, fc.constantFrom('close', 'x-b', '')), (headers) => {
      for (const kept of Object.keys(endToEnd(headers))) expect(kept).toBe('x-a');
    }),
  );
});

it('knows which answers have no body', () => {
  expect(isBodiless('HEAD', 200)).toBe(true);
  expect(isBodiless('POST', 204)).toBe(true);
  expect(isBodiless('POST', 304)).toBe(true);
  expect(isBodiless('GET', 200)).toBe(false);
});
