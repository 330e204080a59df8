import { expect, it } from 'vitest';
import type { Service } from '../../../model/service.ts';
import { containerSpec } from './container-spec.ts';

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
