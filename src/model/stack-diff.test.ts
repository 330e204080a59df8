import { expect, it } from 'vitest';
import type { Service } from './service.ts';
import type { Stack } from './stack.ts';
import { diffStacks } from './stack-diff.ts';

const POLICY: Service['update'] = {
  kind: 'rolling',
  parallelism: 1,
  delayMs: 0,
  monitorMs: 5000,
  maxFailureRatio: 0,
  order: 'stop-first',
  onFailure: 'pause',
};

function service(name: string, changes: Partial<Service> = {}): Service {
  return {
    kind: 'service',
    name,
    runs: { kind: 'service' },
    scale: { kind: 'replicated', replicas: 1 },
    naming: { kind: 'indexed', prefix: `shop_${name}_` },
    identity: { hostnames: false, ips: {} },
    container: { Image: 'x', Env: ['A=1'], Labels: {} },
    pull: 'missing',
    files: [],
    dependsOn: [],
    update: POLICY,
    rollback: POLICY,
    restart: { delayMs: 0, windowMs: 0 },
    routes: [],
    weight: 100,
    listeners: [],
    logs: [],
    labels: {},
    ...changes,
  };
}

function stack(services: readonly Service[], volumes: readonly string[] = []): Stack {
  return {
    kind: 'stack',
    name: 'shop',
    services: [...services],
    externals: [],
    networks: [],
    volumes: volumes.map((key) => ({
      kind: 'stack-volume',
      key,
      external: false,
      spec: { Name: `shop_${key}` },
    })),
    configs: [],
    secrets: [],
  };
}

it('tells what is created, changed field by field, and removed', () => {
  const before = stack([service('a'), service('b'), service('c')], ['data']);
  const after = stack([
    service('a', {
      scale: { kind: 'replicated', replicas: 3 },
      container: { Image: 'x', Env: ['A=2', 'B=1'], Labels: { 'a.b': '1' } },
    }),
    service('b', { platform: undefined }),
    service('d'),
  ]);
  expect(diffStacks(before, after)).toEqual({
    created: [{ kind: 'service', key: 'd' }],
    changed: [
      {
        item: { kind: 'service', key: 'a' },
        fields: [
          { field: 'scale.replicas', before: 1, after: 3 },
          { field: 'container.Env[0]', before: 'A=1', after: 'A=2' },
          { field: 'container.Env[1]', before: undefined, after: 'B=1' },
          { field: 'container.Labels["a.b"]', before: undefined, after: '1' },
        ],
      },
    ],
    removed: [
      { kind: 'service', key: 'c' },
      { kind: 'volume', key: 'data' },
    ],
  });
});

it('has nothing to tell of the same stack, and creates all of a new one', () => {
  const both = stack([service('a')], ['data']);
  expect(diffStacks(both, structuredClone(both))).toEqual({ created: [], changed: [], removed: [] });
  expect(diffStacks(undefined, both).created).toHaveLength(2);
});
