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
    expect(stderr).toContain('1 container stays: db: volume data is on h1');
    expect(code).toBe(5);
  });

  it('shows once what stays, and says where nothing is to move', async () => {
    const plan: Moves = { ...planned, waiting: [], stays: [held] };
    const { berth } = await withManager({
      'node.drain': () => plan,
      'node.drained': () => ({ ...done, moved: [], stays: [held] }),
    });
    const { stdout } = await berth(['node', 'drain', 'h1', '--yes']);
    expect(stdout.match(/STAYS/g)).toHaveLength(1);
    expect(stdout).toContain('h1: nothing to move');
    expect(stdout).toContain('h1: 0 moved, 1 stay, cordoned');
  });

  it('with --dry-run only shows, and does not ask', async () => {
    const { berth } = await withManager({ 'node.drain': ({ dryRun }) => (dryRun ? planned : done) });
    const { code, stdout } = await berth(['node', 'drain', 'h1', '--dry-run', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual([{ node: 'h1', ...planned }]);
  });
});

describe('node drain of several hosts', () => {
  const host = (name: string, rack: string) => ({
    ...{
      id: name,
      name,
      state: 'ready' as const,
      reason: '',
      address: '',
      dataAddress: '',
      agentVersion: '',
    },
    ...{ labels: { rack }, cordoned: false, joinedAt: 0, lastHeardAt: 0 },
    containers: { managed: 0, unmanaged: 0, running: 0 },
    reserved: { cpuMilli: 0, memory: 0 },
  });

  it('closes all of them before the first container moves, and takes them by label', async () => {
    const calls: string[] = [];
    const { berth } = await withManager({
      'node.list': () => ({ nodes: [host('h1', 'r1'), host('h2', 'r1'), host('h3', 'r2')] }),
      'node.cordon': ({ node }) => {
        calls.push(`cordon ${node}`);
        return host(node, 'r1');
      },
      'node.drain': ({ node, dryRun, without }) => {
        calls.push(dryRun ? `plan ${node} without ${without?.join()}` : `drain ${node}`);
        return dryRun ? planned : running;
      },
      'node.drained': () => done,
    });
    const { code } = await berth(['node', 'drain', '--label', 'rack=r1', '--yes']);
    expect(code).toBe(0);
    expect(calls).toEqual([
      'plan h1 without h2',
      'plan h2 without h1',
      'cordon h1',
      'cordon h2',
      'drain h1',
      'drain h2',
    ]);
    expect((await berth(['node', 'drain', '--label', 'rack=r9'])).stderr).toContain('rack=r9');
    expect((await berth(['node', 'drain', '--label', 'rack=r1', 'h1'])).code).toBe(2);
    expect((await berth(['node', 'drain'])).code).toBe(2);
  });
});

it('rebalance fails where something did not move, not where something has to stay', async () => {
  const plan: Moves = { ...planned, stays: [held] };
  let after: Moves = { ...done, stays: [held] };
  const { berth } = await withManager({ 'cluster.rebalance': () => plan, 'cluster.rebalanced': () => after });
  const fine = await berth(['rebalance', '--yes']);
  expect(fine.stdout).toContain('volume data is on h1');
  expect(fine.code).toBe(0);
  after = { ...done, moved: [], stays: [held, { ...web, reason: 'h2: the port is taken' }] };
  const failed = await berth(['rebalance', '--yes']);
  expect(failed.stderr).toContain('1 container not moved: web: h2: the port is taken');
  expect(failed.code).toBe(5);
});

it('rebalance says where nothing is to move, and moves after --yes', async () => {
  let plan: Moves = { ...planned, waiting: [] };
  const { berth } = await withManager({ 'cluster.rebalance': () => plan, 'cluster.rebalanced': () => done });
  expect((await berth(['rebalance'])).stdout).toContain('level');
  plan = planned;
  expect((await berth(['rebalance', '--yes'])).stdout).toContain('1 moved, 0 stay');
});
