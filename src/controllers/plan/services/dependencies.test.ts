import { expect, it } from 'vitest';
import type { Service } from '../../../model/service.ts';
import { type Waited, waitsFor } from './dependencies.ts';
import { member } from './playground.fixture.ts';

type Condition = Service['dependsOn'][number]['condition'];

const db = (rest: Partial<Waited> = {}): Waited => ({
  ...{ wanted: 1, release: 2, state: 'releasing', members: [member(1, 2)], ...rest },
});
const waits = (condition: Condition, other: Waited | undefined, required = true) =>
  waitsFor(
    { dependsOn: [{ service: 'db', condition, required, restart: false }] },
    new Map(other === undefined ? [] : [['db', other]]),
  ) !== undefined;

it('waits for all containers that are wanted, of the release that is wanted, and for none that leaves', () => {
  for (const condition of ['started', 'healthy'] as const) {
    expect(waits(condition, db())).toBe(false);
    expect(waits(condition, db({ wanted: 2 }))).toBe(true);
    expect(waits(condition, db({ members: [member(1, 1)] }))).toBe(true);
    expect(waits(condition, db({ members: [member(1, 2, { leaving: true })] }))).toBe(true);
  }
});

it('asks no more than its condition says: a process, readiness, or a good end', () => {
  const starting = db({ members: [member(1, 2, { state: 'starting' })] });
  expect([waits('started', starting), waits('healthy', starting)]).toEqual([false, true]);
  const ended = db({ members: [member(1, 2, { state: 'ended', running: false })] });
  for (const condition of ['started', 'healthy', 'completed'] as const)
    expect(waits(condition, ended)).toBe(false);
  const failed = db({ members: [member(1, 2, { state: 'failed', running: false })] });
  for (const condition of ['started', 'healthy', 'completed'] as const)
    expect(waits(condition, failed)).toBe(true);
  expect(waits('completed', db())).toBe(true);
});

it('says of what has failed that it has', () => {
  const others = new Map([['db', db({ state: 'failed', members: [] })]]);
  const dependsOn = [{ service: 'db', condition: 'completed', required: true, restart: false }] as const;
  expect(waitsFor({ dependsOn: [...dependsOn] }, others)).toBe('waits for db, whose release has failed');
});

it('takes a job that is done for ended, also where its container is gone', () => {
  expect(waits('completed', db({ state: 'done', members: [] }))).toBe(false);
  expect(waits('completed', db({ members: [] }))).toBe(true);
});

it('goes without what is not in the stack where that is not required, and waits for it where it is there', () => {
  expect(waits('healthy', undefined)).toBe(true);
  expect(waits('healthy', undefined, false)).toBe(false);
  expect(waits('healthy', db({ members: [] }), false)).toBe(true);
});
