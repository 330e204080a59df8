import { describe, expect, it } from 'vitest';
import type { BalancerView } from '../../../contract/v1/balancers.ts';
import { withManager } from '../../testing/run.ts';

const crm: BalancerView = {
  ...{
    name: 'crm',
    listens: ['crm.example.com', ':5432'],
    rules: { gzip: 'true' },
    sticky: false,
    check: 'tcp',
  },
  targets: [
    { name: '192.0.2.1:80', weight: 100, address: '192.0.2.1:80', failing: [] },
    { name: 'web:80', weight: 5, problem: 'container web does not run, or is not ready', failing: [] },
  ],
  ...{ createdAt: 1, createdBy: 'root' },
};

describe('lb', () => {
  it.each([
    [
      'attach crm web:80 [2001:db8::1]:81 --weight 5',
      {
        attach: [
          { kind: 'container', name: 'web', port: 80, weight: 5 },
          { kind: 'address', address: '2001:db8::1', port: 81, weight: 5 },
        ],
      },
    ],
    [
      'attach crm 192.0.2.1:80',
      { attach: [{ kind: 'address', address: '192.0.2.1', port: 80, weight: 100 }] },
    ],
    [
      'attach crm dns:CRM.internal:443',
      { attach: [{ kind: 'name', host: 'crm.internal', port: 443, weight: 100 }] },
    ],
    ['detach crm web:80', { detach: ['web:80'] }],
    [
      'listen crm CRM.example.com/a/ :5432',
      {
        listen: [
          { kind: 'http', domain: 'crm.example.com', path: '/a' },
          { kind: 'tcp', port: 5432, names: [] },
        ],
      },
    ],
    ['listen crm :8443 --tls-name A.x.com', { listen: [{ kind: 'tcp', port: 8443, names: ['a.x.com'] }] }],
    ['listen crm :5432 --off', { unlisten: [':5432'] }],
    ['weight crm web:80 0', { weights: { 'web:80': 0 } }],
    [
      'set crm gzip=true timeout= --check http:/up --sticky on',
      {
        ...{ rules: { gzip: 'true', timeout: null }, check: { kind: 'http', path: '/up' }, sticky: true },
      },
    ],
    ['set crm --check none', { check: null }],
  ])('%s', async (line, input) => {
    const { berth, manager } = await withManager({ 'balancer.change': () => crm });
    const { code, stdout, stderr } = await berth(['lb', ...line.split(' ')]);
    expect([code, stdout]).toEqual([0, 'crm: crm.example.com, :5432 -> 192.0.2.1:80=100 web:80=5\n']);
    expect(stderr).toContain('web:80 gets nothing: container web does not run');
    expect(manager.calls[0]?.input).toMatchObject({ balancer: 'crm', ...input });
  });

  it.each([
    'attach crm web',
    'attach crm :80',
    'attach crm web:65536',
    'attach crm 192.0.2.1:0',
    'listen crm :99999',
    'weight crm web:80 101',
    'set crm gzip',
    'set crm --check ping',
    'listen crm x.com --tls-name y.com',
  ])('refuses %s before it asks the manager', async (line) => {
    const { berth, manager } = await withManager({});
    expect((await berth(['lb', ...line.split(' ')])).code).toBe(2);
    expect(manager.calls).toEqual([]);
  });

  it('create, ls, inspect and rm', async () => {
    const { berth, manager } = await withManager({
      'balancer.create': () => crm,
      'balancer.list': () => ({ balancers: [crm] }),
      'balancer.delete': () => ({}),
    });
    expect((await berth(['lb', 'create', 'crm'])).code).toBe(0);
    expect((await berth(['lb', 'ls'])).stdout).toMatch(
      /crm +crm\.example\.com, :5432 +1\/2 +192\.0\.2\.1:80=100 web:80=5 +gzip +tcp/,
    );
    expect(JSON.parse((await berth(['lb', 'inspect', 'crm'])).stdout)).toEqual(crm);
    expect((await berth(['lb', 'inspect', 'no'])).stderr).toContain('there is no balancer "no"');
    expect((await berth(['lb', 'rm', 'crm', '--yes'])).stdout).toBe('removed crm\n');
    expect(manager.calls.at(-1)?.input).toEqual({ balancer: 'crm' });
  });
});
