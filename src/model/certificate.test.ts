import { expect, it } from 'vitest';
import { clusterNames, covers } from './certificate.ts';

it('covers a name, and by * those one label below', () => {
  const domains = ['x.com', '*.y.com'];
  expect(['x.com', 'a.y.com'].every((name) => covers(domains, name))).toBe(true);
  expect(['y.com', 'a.b.y.com', 'a.x.com', 'com'].some((name) => covers(domains, name))).toBe(false);
});

it('names what is to be reached over TLS and has no other certificate', () => {
  const https = ['shop.apps.x.com', 'b.com', 'a.com', 'b.com', 'up.com'];
  const wanted = { appsDomain: 'apps.x.com', https, others: [['up.com', 'www.up.com']] };
  expect(clusterNames(wanted, [])).toEqual(['apps.x.com', '*.apps.x.com', 'a.com', 'b.com']);
  expect(clusterNames({ appsDomain: '', https: [], others: [] }, [])).toEqual(['router.invalid']);
});

it("never has a manager's name, nor a wildcard that it falls under", () => {
  const https = [
    'manager.berth.internal',
    'berth.internal',
    '*.berth.internal',
    'localhost',
    'berth.x.com',
    '*.x.com',
    'ok.com',
  ];
  expect(clusterNames({ appsDomain: '', https, others: [] }, ['berth.x.com', '192.0.2.1'])).toEqual([
    'ok.com',
  ]);
  expect(clusterNames({ appsDomain: 'x.com', https: [], others: [] }, ['berth.x.com'])).toEqual(['x.com']);
  expect(clusterNames({ appsDomain: 'internal', https: [], others: [] }, [])).toEqual([
    'internal',
    '*.internal',
  ]);
});
