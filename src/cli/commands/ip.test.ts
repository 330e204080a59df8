import { expect, it } from 'vitest';
import { withManager } from '../testing/run.ts';

const address = {
  ip: '10.1.0.2',
  mac: '02:be:0a:01:00:02',
  state: 'used' as const,
  holder: 'container web on host h1',
};

it('ip ls shows who has what, and how much is left', async () => {
  const { berth } = await withManager({
    'ip.list': ({ network }) => ({
      network,
      pools: [{ subnet: '10.1.0.0/24', size: '254', taken: 2 }],
      addresses: [
        address,
        { ...address, ip: '10.1.0.3', state: 'reserved', holder: 'a reservation for db', reservedFor: 'db' },
      ],
    }),
  });
  const { stdout, stderr, code } = await berth(['ip', 'ls', 'x1']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/10\.1\.0\.2 +02:be:0a:01:00:02 +used +container web on host h1/);
  expect(stdout).toMatch(/10\.1\.0\.3 .* reserved +a reservation for db +db/);
  expect(stderr).toContain('10.1.0.0/24: 2 of 254 are not free');
  expect((await berth(['ip', 'ls', '--quiet', 'x1'])).stdout).toBe('10.1.0.2\n10.1.0.3\n');
  expect(JSON.parse((await berth(['ip', 'ls', '--json', 'x1'])).stdout).network).toBe('x1');
});

it('ip reserve and ip release print addresses', async () => {
  const { berth, manager } = await withManager({
    'ip.reserve': () => ({ addresses: [address] }),
    'ip.release': () => ({ released: ['10.1.0.2'] }),
  });
  expect((await berth(['ip', 'reserve', 'x1', 'web', '--ip', '10.1.0.2'])).stdout).toBe('10.1.0.2\n');
  expect((await berth(['ip', 'release', 'x1', 'web', 'db'])).stdout).toBe(
    'released 10.1.0.2\nreleased 10.1.0.2\n',
  );
  expect(manager.calls.map(({ input }) => input)).toEqual([
    { network: 'x1', name: 'web', ip: '10.1.0.2' },
    { network: 'x1', reservation: 'web' },
    { network: 'x1', reservation: 'db' },
  ]);
});
