import { expect, it } from 'vitest';
import { hostServers } from './host-servers.ts';

const files: Record<string, string> = {};
let now = 0;
const servers = hostServers(
  () => now,
  (path) => {
    const text = files[path];
    if (text === undefined) throw new Error('ENOENT');
    return text;
  },
);

it('are those of resolv.conf, or those behind systemd-resolved, and change with the file', () => {
  expect(servers()).toEqual([]);
  files['/etc/resolv.conf'] = 'nameserver 127.0.0.53\n';
  expect(servers()).toEqual([]);
  now += 5_000;
  expect(servers()).toEqual(['127.0.0.53']);
  files['/run/systemd/resolve/resolv.conf'] = 'nameserver 192.0.2.1\n';
  now += 5_000;
  expect(servers()).toEqual(['192.0.2.1']);
  files['/etc/resolv.conf'] = 'nameserver 198.51.100.1\nnameserver 127.0.0.1\n';
  now += 5_000;
  expect(servers()).toEqual(['198.51.100.1', '127.0.0.1']);
});
