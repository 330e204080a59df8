import { expect, it } from 'vitest';
import { limitsOf } from './limits.ts';

const spec = {
  scale: { kind: 'replicated', replicas: 2 },
  naming: { kind: 'indexed', prefix: 'shop_web_' },
  identity: { hostnames: false, ips: {} },
} as const;

it('lets a slider go somewhat beyond what the file says, and a number to the end', () => {
  expect(limitsOf(spec, undefined)).toEqual({ least: 0, most: 10_000, farthest: 10 });
  const many = { ...spec, scale: { kind: 'replicated', replicas: 40 } } as const;
  expect(limitsOf(many, undefined).farthest).toBe(120);
});

it('keeps within rules, names and addresses', () => {
  expect(limitsOf(spec, { min: 2, max: 6 })).toEqual({ least: 2, most: 6, farthest: 6 });
  expect(limitsOf({ ...spec, naming: { kind: 'fixed', name: 'db' } }, undefined).most).toBe(1);
  const addressed = { ...spec, identity: { hostnames: true, ips: { back: ['10.0.0.1', '10.0.0.2'] } } };
  expect(limitsOf(addressed, { min: 1, max: 6 })).toEqual({ least: 1, most: 2, farthest: 2 });
});
