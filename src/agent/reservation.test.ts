import { expect, it } from 'vitest';
import { reservationOf } from './reservation.ts';

const of = (HostConfig: Record<string, unknown>, boundPorts = {}, ExposedPorts = {}, cores = 0) =>
  reservationOf({ HostConfig, boundPorts, ExposedPorts }, cores);

it.each([
  [{}, 0, 0],
  [{ NanoCpus: 1.5e9, CpuQuota: 1 }, 0, 1500],
  [{ CpuQuota: 50_000, CpuPeriod: 25_000 }, 0, 2000],
  [{ CpuQuota: 50_000 }, 0, 500],
  [{ CpuQuota: -1 }, 0, 0],
  [{ CpuShares: 512 }, 2, 2000],
  [{ NanoCpus: 'much' }, 0, 0],
])('CPU of %j with %d cores asked for', (hostConfig, cores, cpuMilli) => {
  expect(of(hostConfig, {}, {}, cores).cpuMilli).toBe(cpuMilli);
});

it.each([
  [{ Memory: 100, MemoryReservation: 50 }, 50],
  [{ Memory: 100 }, 100],
  [{ Memory: 0, MemorySwap: -1 }, 0],
])('memory of %j', (hostConfig, memory) => {
  expect(of(hostConfig).memory).toBe(memory);
});

it('holds the ports that were asked for while it does not run, and those that it got while it does', () => {
  const PortBindings = {
    '80/tcp': [{ HostIp: '', HostPort: '8080' }],
    '53/udp': [{ HostIp: '10.0.0.1', HostPort: '53' }],
    '90/tcp': [{ HostPort: '' }],
    '91/tcp': [{ HostPort: '9000-9010' }],
    '92/tcp': null,
  };
  const asked = [
    { ip: '', port: 8080, protocol: 'tcp' },
    { ip: '10.0.0.1', port: 53, protocol: 'udp' },
  ];
  expect(of({ PortBindings }).ports).toEqual(asked);
  const both = [
    { HostIp: '0.0.0.0', HostPort: '8080' },
    { HostIp: '::', HostPort: '8080' },
  ];
  const bound = { '80/tcp': both, '91/tcp': [{ HostIp: '0.0.0.0', HostPort: '9003' }], '92/tcp': null };
  expect(of({ PortBindings }, bound).ports).toEqual([...asked, { ip: '', port: 9003, protocol: 'tcp' }]);
});

it('holds what it exposes where it lives in the network of the host', () => {
  const hostConfig = { NetworkMode: 'host', PortBindings: { '80/tcp': [{ HostPort: '8080' }] } };
  const ports = of(hostConfig, {}, { '80/tcp': {}, '7-8/udp': {}, 'x/tcp': {} }).ports;
  expect(ports).toEqual([
    { ip: '', port: 80, protocol: 'tcp' },
    { ip: '', port: 7, protocol: 'udp' },
    { ip: '', port: 8, protocol: 'udp' },
  ]);
});
