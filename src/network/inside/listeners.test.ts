import { expect, it } from 'vitest';
import { listeners } from './listeners.ts';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';

it('reads where processes wait, and passes over connections', () => {
  const table = [
    HEAD,
    '   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0',
    '   1: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0',
    '   2: 0200A8C0:9C40 0300A8C0:0050 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 100 0 0 10 0',
    '',
  ].join('\n');
  expect([...listeners(table)]).toEqual([
    { address: '0.0.0.0', port: 8080 },
    { address: '127.0.0.1', port: 3306 },
  ]);
});

it('reads those of IPv6, and nothing of what is no table', () => {
  const zero = '0'.repeat(32);
  const table = [
    HEAD,
    `   0: ${zero}:0050 ${zero}:0000 0A 0 0`,
    `   1: 000000FD000000000000000001000000:0051 ${zero}:0000 0A 0 0`,
  ].join('\n');
  expect([...listeners(table)]).toEqual([
    { address: '::', port: 80 },
    { address: 'fd00::1', port: 81 },
  ]);
  expect([...listeners('')]).toEqual([]);
  expect([...listeners('nothing\nof the kind: x y z')]).toEqual([]);
});
