import { describe, expect, it } from 'vitest';
import type { DnsZoneView } from '../../../contract/v1/dns.ts';
import { withManager } from '../../testing/run.ts';

const zone: DnsZoneView = {
  ...{ name: 'apps.example', nameservers: ['ns.apps.example'], contact: 'hostmaster.apps.example', ttl: 300 },
  ...{ transfer: [], notify: [], serial: 7, createdAt: 1, createdBy: 'root', records: 2 },
};

describe('dns zone', () => {
  it('add says what is missing for it to be answered', async () => {
    const { berth, manager } = await withManager({
      'dns.zone.create': () => zone,
      'dns.zone.list': () => ({ zones: [zone] }),
    });
    const line =
      'dns zone add apps.example --wildcard 192.0.2.1 --wildcard 192.0.2.2 --ns n1.example --transfer 192.0.2.0/24 --notify 192.0.2.53 --notify [2001:db8::1]:5353';
    const { stdout, stderr } = await berth(line.split(' '));
    expect(stdout).toBe('apps.example\n');
    expect(stderr).toContain('--dns-listen');
    expect(manager.calls[0]?.input).toEqual({
      name: 'apps.example',
      nameservers: ['n1.example'],
      transfer: ['192.0.2.0/24'],
      notify: [
        { address: '192.0.2.53', port: 53 },
        { address: '2001:db8::1', port: 5353 },
      ],
      wildcard: ['192.0.2.1', '192.0.2.2'],
    });
  });

  it('set, ls and rm', async () => {
    const { berth, manager } = await withManager({
      'dns.zone.change': () => ({ ...zone, serial: 8 }),
      'dns.zone.list': () => ({ zones: [zone], listens: '192.0.2.1:53' }),
      'dns.zone.delete': () => ({}),
    });
    expect((await berth('dns zone set apps.example --ttl 60'.split(' '))).stdout).toBe(
      'apps.example: serial 8\n',
    );
    const listed = await berth(['dns', 'zone', 'ls']);
    expect(listed.stdout).toMatch(/apps\.example +7 +2 +ns\.apps\.example/);
    expect(listed.stderr).toContain('answered at 192.0.2.1:53');
    expect((await berth('dns zone rm apps.example --yes'.split(' '))).code).toBe(0);
    expect(manager.calls.at(-1)?.input).toEqual({ zone: 'apps.example' });
  });
});

describe('dns', () => {
  it.each([
    ['www A 192.0.2.1 --weight 3 --check http:80/up', { type: 'A', address: '192.0.2.1' }, 'http:80/up'],
    ['www AAAA 2001:db8::1 --check tcp:443', { type: 'AAAA', address: '2001:db8::1' }, 'tcp:443'],
    ['@ MX 10 mail.example', { type: 'MX', preference: 10, exchange: 'mail.example' }, ''],
    [
      '_sip._tcp SRV 1 2 5060 sip.example',
      { type: 'SRV', priority: 1, weight: 2, port: 5060, target: 'sip.example' },
      '',
    ],
  ])('add %s', async (line, data, check) => {
    const { berth, manager } = await withManager({
      'dns.record.create': ({ name, data: given, check: look, weight }) => ({
        ...{ id: 'r1', zone: zone.name, name, data: given as never, ttl: 300 },
        ...(look === undefined ? {} : { check: look as never, healthy: false }),
        ...(weight === undefined ? {} : { weight }),
      }),
    });
    const { stdout, code } = await berth(['dns', 'add', 'apps.example', ...line.split(' ')]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^r1: /);
    expect(manager.calls[0]?.input).toMatchObject({ zone: 'apps.example', data });
    expect(check === '' || JSON.stringify(manager.calls[0]?.input).includes('"check"')).toBe(true);
  });

  it.each(['www MX mail.example', 'www TXT two words', 'www NS ns.example', 'www A 192.0.2.1 --check ping'])(
    'refuses %s before it asks the manager',
    async (line) => {
      const { berth, manager } = await withManager({});
      expect((await berth(['dns', 'add', 'apps.example', ...line.split(' ')])).code).toBe(2);
      expect(manager.calls).toEqual([]);
    },
  );

  it('lists with health', async () => {
    const { berth } = await withManager({
      'dns.record.list': () => ({
        records: [
          {
            ...{
              id: 'r1',
              zone: 'apps.example',
              name: 'eu',
              data: { type: 'A', address: '192.0.2.1' },
              ttl: 300,
            },
            ...{ weight: 3, check: { kind: 'http', port: 80, path: '/up' }, healthy: false },
          },
          { id: 'r2', zone: 'apps.example', name: 't', data: { type: 'TXT', text: 'a "b"' }, ttl: 60 },
        ],
      }),
    });
    const { stdout } = await berth(['dns', 'ls']);
    expect(stdout).toMatch(/r1 +apps\.example +eu +A +192\.0\.2\.1 +300 +3 +http:80\/up +unhealthy/);
    expect(stdout).toContain('"a \\"b\\""');
  });
});
