import { expect, it } from 'vitest';
import type { AddressView, HeldBy } from '../../../../src/contract/v1/addresses.ts';
import { holderText } from './holder-text.ts';
import { words } from './words.ts';

const inChinese = (key: keyof (typeof words)['zh'], values: Readonly<Record<string, string>> = {}) =>
  words.zh[key].replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '?');
const address = (heldBy?: HeldBy): AddressView => ({
  ...{ ip: '10.1.0.2', mac: '', state: 'used', holder: 'container web on host h1' },
  ...(heldBy === undefined ? {} : { heldBy }),
});

it('says in the language of the page who has an address', () => {
  const all: readonly HeldBy[] = [
    { kind: 'container', name: 'web', host: 'h1' },
    { kind: 'container', name: '0123456789ab' },
    { kind: 'plain', name: 'web', host: 'h1' },
    { kind: 'gateway' },
    { kind: 'aux', name: 'router' },
    { kind: 'left', host: 'h1' },
    { kind: 'reservation', name: 'db' },
    { kind: 'gone', name: 'db' },
    { kind: 'gone' },
  ];
  for (const one of all) {
    const text = holderText(address(one), inChinese);
    expect(text).toMatch(/[一-鿿]/);
    expect(text).not.toContain('?');
    if ('name' in one) expect(text).toContain(one.name);
  }
  expect(holderText(address(all[0]), inChinese)).toContain('h1');
});

it('has the manager’s words where an older one says no more, and none where nobody has it', () => {
  expect(holderText(address(), inChinese)).toBe('container web on host h1');
  expect(holderText(undefined, inChinese)).toBe('');
});
