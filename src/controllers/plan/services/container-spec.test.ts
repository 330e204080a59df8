import { expect, it } from 'vitest';
import type { Service, UpdatePolicy } from '../../../model/service.ts';
import { containerSpec, policyFor } from './container-spec.ts';

const service = (
  kind: 'service' | 'job',
  policy: object | undefined,
  labels: Readonly<Record<string, string>> = {},
) =>
  ({
    ...{ name: 'a', runs: { kind }, scale: { kind: 'replicated', replicas: 1 }, files: [] },
    ...{ routes: [], listeners: [], identity: { hostnames: false, ips: {} } },
    container: { Image: 'x', Labels: labels, ...(policy && { HostConfig: { RestartPolicy: policy } }) },
  }) as unknown as Service;

const restart = (one: Service) => containerSpec({ networks: [] }, one, 1).Labels?.['berth.restart'];

it('a service runs on where its file says nothing of restarts, and only there', () => {
  expect(restart(service('service', undefined))).toBe('always');
  expect(restart(service('service', { Name: '', MaximumRetryCount: 0 }))).toBe('always');
  expect(restart(service('service', { Name: 'no', MaximumRetryCount: 0 }))).toBeUndefined();
  expect(restart(service('service', { Name: 'on-failure', MaximumRetryCount: 3 }))).toBeUndefined();
  expect(restart(service('service', { Name: 'no' }, { 'berth.restart': 'on-failure' }))).toBe('on-failure');
  expect(restart(service('job', undefined))).toBeUndefined();
});

it('is started again by its agent where its files lie in memory, as often as the engine would', () => {
  const files = [{}] as unknown as Service['files'];
  const withFiles = (policy: object) =>
    containerSpec({ networks: [] }, { ...service('service', policy), files }, 1);
  const limited = withFiles({ Name: 'on-failure', MaximumRetryCount: 3 });
  expect(limited.Labels?.['berth.restart']).toBe('on-failure:3');
  expect(limited.HostConfig).toEqual({});
  expect(withFiles({ Name: 'on-failure' }).Labels?.['berth.restart']).toBe('on-failure');
  expect(withFiles({ Name: 'always' }).Labels?.['berth.restart']).toBe('always');
});

it('fails over with its host, but for what is on each host, and a run at its time, of which two might run', () => {
  const failover = (more: object) =>
    containerSpec({ networks: [] }, { ...service('service', undefined), ...more } as Service, 1).Labels?.[
      'berth.failover'
    ];
  expect(failover({})).toBe('true');
  expect(failover({ runs: { kind: 'job' } })).toBe('true');
  expect(failover({ runs: { kind: 'cron' } })).toBeUndefined();
  expect(failover({ scale: { kind: 'global' } })).toBeUndefined();
  expect(failover({ container: { Image: 'x', Labels: { 'berth.failover': 'false' } } })).toBe('false');
});

it('has a port of its host for each port that routers lead to, unless the file names one, or it has no ports', () => {
  const bound = (hostConfig: Record<string, unknown>) => {
    const one = service('service', undefined);
    const listeners = [{ port: 80 }, { port: 90 }] as unknown as Service['listeners'];
    const container = { ...one.container, HostConfig: hostConfig };
    return containerSpec({ networks: [] }, { ...one, listeners, container }, 1).HostConfig?.PortBindings;
  };
  const free = [{ HostIp: '', HostPort: '' }];
  const named = [{ HostIp: '127.0.0.1', HostPort: '8080' }];
  expect(bound({ PortBindings: { '80/tcp': named } })).toEqual({ '80/tcp': named, '90/tcp': free });
  for (const NetworkMode of ['host', 'none', 'container:db']) expect(bound({ NetworkMode })).toBeUndefined();
  expect(bound({ NetworkMode: 'hosts' })).toEqual({ '80/tcp': free, '90/tcp': free });
});

it('has the address of its own index, and none where there are fewer', () => {
  const ips = { front: ['10.0.0.7', '2001:db8::8'] };
  const networks = [{ key: 'front', spec: { Name: 'shop_front' } }] as never;
  const one = { ...service('service', undefined), identity: { hostnames: false, ips } };
  const addresses = (index: number) =>
    containerSpec({ networks }, one, index).NetworkingConfig?.EndpointsConfig;
  expect(addresses(1)).toEqual({ shop_front: { IPAMConfig: { IPv4Address: '10.0.0.7' } } });
  expect(addresses(2)).toEqual({ shop_front: { IPAMConfig: { IPv6Address: '2001:db8::8' } } });
  expect(addresses(3)).toEqual({});
});

it('takes the old one away first where a name, an address or a host has room for one alone', () => {
  const order = (more: object) => {
    const naming = { kind: 'numbered', prefix: 'a-' };
    const one = { ...service('service', undefined), naming, ...more } as unknown as Service;
    return policyFor(one, { order: 'start-first' } as UpdatePolicy).order;
  };
  expect(order({})).toBe('start-first');
  expect(order({ naming: { kind: 'fixed', name: 'a' } })).toBe('stop-first');
  expect(order({ identity: { hostnames: true, ips: {} } })).toBe('stop-first');
  expect(order({ identity: { hostnames: false, ips: { front: ['10.0.0.7'] } } })).toBe('stop-first');
  expect(order({ scale: { kind: 'global' } })).toBe('stop-first');
});
