import { expect, it } from 'vitest';
import { en } from '../i18n/en.ts';
import { textIn } from '../i18n/text.tsx';
import { zh } from '../i18n/zh.ts';
import { agoText, bytesText, portsText, shellWord } from './format.ts';

it('tells amounts and times as people do', () => {
  expect([0, 1536, 10 * 1024 ** 2, 32 * 1024 ** 3].map((n) => bytesText(n, 'en'))).toEqual([
    ...['0 B', '1.5 KiB', '10 MiB', '32 GiB'],
  ]);
  const ago = (seconds: number) => agoText(0, seconds * 1000, 'en');
  expect([3, 59, 61, 7200, 90_000].map(ago)).toEqual([
    undefined,
    ...['59 seconds ago', '1 minute ago', '2 hours ago', '1 day ago'],
  ]);
});

it('tells ports once, and those that lead nowhere only where no other is', () => {
  const port = (privatePort: number, publicPort?: number, ip?: string) =>
    ({ ip, privatePort, publicPort, type: 'tcp' }) as const;
  expect(portsText([port(80, 8080, '0.0.0.0'), port(80, 8080, '::'), port(443)])).toBe('8080→80/tcp');
  expect(portsText([port(443)])).toBe('443/tcp');
  expect(portsText([])).toBe('');
});

it('leaves nothing of a name to a shell', () => {
  expect(shellWord('web_1.b/c:2')).toBe('web_1.b/c:2');
  expect(shellWord("a'; rm -rf $HOME")).toBe("'a'\\''; rm -rf $HOME'");
  expect(shellWord('')).toBe("''");
});

it('says the same in both languages', () => {
  const holes = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    // What is said of one in English names no number.
    const [, many] = en[key].split(' | ');
    expect(holes(zh[key]), key).toEqual(holes(many ?? en[key]));
    expect(zh[key], key).not.toContain(' | ');
    expect(zh[key], key).not.toMatch(/\p{Script=Han}[,;:!?]/u);
  }
  const t = textIn('en');
  expect(t('hosts.count', { n: 1 })).toBe('1 host');
  expect(t('hosts.count', { n: 1200 })).toBe('1,200 hosts');
  expect(t('action.stop.title', { name: '{n}' })).toBe('Stop {n}?');
  expect(textIn('zh')('hosts.count', { n: 1 })).toBe('1 台主机');
});
