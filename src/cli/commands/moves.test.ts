import { describe, expect, it } from 'vitest';
import type { Moves } from '../../contract/v1/moves.ts';
import { withManager } from '../testing/run.ts';

const web = { id: 'c1', name: 'web', from: 'h1', to: 'h2' };
const held = { id: 'c2', name: 'db', from: 'h1', reason: 'volume data is on h1' };
const planned: Moves = { state: 'planned', waiting: [web], moved: [], stays: [] };
const running: Moves = { ...planned, state: 'running' };
const done: Moves = { state: 'done', waiting: [], moved: [web], stays: [] };

describe('node drain', () => {
  it('shows the plan, waits until all have moved, and says what stays', async () => {
    const answers = [running, { ...done, stays: [held] }];
    const { berth } = await withManager({
      'node.drain': ({ dryRun }) => (dryRun ? planned : running),
      'node.drained': () => answers.shift() ?? done,
    });
    const { code, stdout, stderr } = await berth(['node', 'drain', 'h1', '--yes']);
    expect(stdout).toMatch(/web +h1 +h2/);
    expect(stdout).toMatch(/db +h1 +volume data is on h1/);
    expect(stdout).toContain('h1: 1 moved, 1 stay, cordoned');
    expect(stderr).toContain('1 containers stay: db: volume data is on h1');
    expect(code).toBe(5);
  });

  it('with --dry-run only shows, and does not ask', async () => {
    const { berth } = await withManager({ 'node.drain': ({ dryRun }) => (dryRun ? planned : done) });
    const { code, stdout } = await berth(['node', 'drain', 'h1', '--dry-run', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual([{ node: 'h1', ...planned }]);
  });
});

it('rebalance says where nothing is to move, and moves after --yes', async () => {
  let plan: Moves = { ...planned, waiting: [] };
  const { berth } = await withManager({ 'cluster.rebalance': () => plan, 'cluster.rebalanced': () => done });
  expect((await berth(['rebalance'])).stdout).toContain('level');
  plan = planned;
  expect((await berth(['rebalance', '--yes'])).stdout).toContain('1 moved, 0 stay');
});
