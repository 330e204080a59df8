import { domainToASCII } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { domainText, domainTitle } from './domain-text.ts';

/** As it is stored. */
const stored = (domain: string) => domainToASCII(domain);

describe('a domain', () => {
  it.each([
    'bücher.example',
    '中文.例子.cn',
    'straße.example',
    'пример.рф',
    'παράδειγμα.gr',
    '한국.kr',
    'ことば.jp',
    'コーヒー.jp',
    'shop中国.cn',
    'ไทย.th',
  ])('is shown as people write it: %s', (domain) => {
    expect(stored(domain)).toContain('xn--');
    expect(domainText(stored(domain))).toBe(domain);
    expect(domainTitle(stored(domain))).toBe(`${domain} · ${stored(domain)}`);
  });

  it('may have a star before it, a path behind it, and others beside it', () => {
    expect(domainText('*.xn--bcher-kva.example/xn, xn--fiqs8s.cn:443')).toBe(
      '*.bücher.example/xn, 中国.cn:443',
    );
    expect([domainText('shop.example.com/a'), domainTitle('shop.example.com/a')]).toEqual([
      'shop.example.com/a',
      undefined,
    ]);
  });

  it.each([
    'аррӏе.com',
    'pаypal.com',
    'ехаmple.com',
    'οικο.gr',
    'aノb.jp',
    'pɑypal.com',
    'gıthub.com',
    'אבג.example',
    'عربي.example',
  ])(
    'that might be taken for another one stays in Punycode, with what it stands for beside it: %s',
    (domain) => {
      expect(domainText(stored(domain))).toBe(stored(domain));
      expect(domainTitle(stored(domain))).toBe(`${stored(domain)} · ${domain}`);
    },
  );

  it.each([
    'xn--a',
    'xn--',
    'xn--99999999999',
    'xn--bcher-kva-.example',
    'xn--abc-',
    'xn--ls8h=',
    'xn--a.com',
  ])('that is no Punycode stays as it is: %s', (text) => {
    expect(domainText(text)).toBe(text);
  });

  it('is the same one whatever is in it', () => {
    const letters = fc.constantFrom(...'abzäöß中文国例こカ한글пжэλδ0-');
    fc.assert(
      fc.property(fc.array(letters, { minLength: 1, maxLength: 20 }), (all) => {
        const ascii = stored(`${all.join('')}.example`);
        fc.pre(ascii.includes('xn--'));
        expect(stored(domainText(ascii))).toBe(ascii);
      }),
    );
  });
});
