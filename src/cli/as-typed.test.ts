import { expect, it } from 'vitest';
import { asTyped, programOf } from './as-typed.ts';

const checkout = { BERTH_PROGRAM: './berth' };

it('is berth unless the launcher tells otherwise', () => {
  expect([programOf({}), programOf({ BERTH_PROGRAM: '' }), programOf(checkout)]).toEqual([
    'berth',
    'berth',
    './berth',
  ]);
});

it('changes commands, and nothing else', () => {
  expect(asTyped('run "berth login https://h:8443", or `berth up` (berth --help)', checkout)).toBe(
    'run "./berth login https://h:8443", or `./berth up` (./berth --help)',
  );
  const other = '/var/lib/berth run, a configuration of berth, "berth-agent down", docker context "berth"';
  expect(asTyped(other, checkout)).toBe(other);
  expect(asTyped('"berth up"', { BERTH_PROGRAM: '/a$&b/berth' })).toBe('"/a$&b/berth up"');
});
