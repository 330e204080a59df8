import { expect, it } from 'vitest';
import { msText } from '../../parts/format.ts';
import { errorText, optionTexts, type RouterWords, rateText } from './route-text.ts';
import { words } from './words.ts';

const w: RouterWords = (key, values = {}) =>
  words.en[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));

it('tells times, rates and shares with as many digits as count', () => {
  expect([null, 0.4, 12.34, 999.9, 1400].map((ms) => msText(ms, 'en'))).toEqual([
    ...['–', '0.4 ms', '12 ms', '1,000 ms', '1.4 s'],
  ]);
  expect([0, 0.123, 12.34, 1234.5].map((n) => rateText(n, 'en'))).toEqual(['0', '0.12', '12.3', '1,235']);
  const traffic = { windowMs: 60_000, requests: 9, requestsPerSecond: 1, responses: [], bytesIn: 0 };
  const of = (errors: number, errorRate: number) =>
    errorText({ ...traffic, bytesOut: 0, p50: null, p95: null, p99: null, errors, errorRate }, 'en');
  expect([of(0, 0), of(1, 0.0001), of(3, 0.0314)]).toEqual(['0%', '< 0.1 %', '3.1%']);
});

it('tells what is set for a route, and nothing of what is not', () => {
  expect(optionTexts({ sticky: false }, w, 'en')).toEqual([]);
  const told = optionTexts(
    {
      sticky: true,
      allow: ['10.0.0.0/8'],
      deny: [],
      rateLimit: { requests: 100, seconds: 10 },
      redirect: { kind: 'url', code: 308, url: 'https://x.com', keepPath: true },
      request: { set: [{ name: 'X-Team', value: 'shop' }], remove: ['X-Debug'] },
      bodyLimit: 10 * 1024 ** 2,
      tls: { kind: 'verified', name: 'db.internal' },
    },
    w,
    'en',
  );
  expect(told.map(({ name, value }) => `${name}: ${value}`)).toEqual([
    'Only from: 10.0.0.0/8',
    'Rate per client: 100 requests in 10 s',
    'Redirect: to https://x.com/* (308)',
    'Request headers: X-Team: shop, −X-Debug',
    'Largest body: 10 MiB',
    'Sticky sessions: on',
    'TLS to containers: yes, with a certificate of db.internal',
  ]);
});
