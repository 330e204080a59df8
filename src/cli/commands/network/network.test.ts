import { expect, it } from 'vitest';
import type { ReachResult } from '../../../contract/v1/networks.ts';
import { withManager } from '../../testing/run.ts';

const result = (more: Partial<ReachResult>): ReachResult => ({
  verdict: 'reached',
  from: { id: 'a', name: 'web', hostName: 'h1' },
  to: { id: 'b', name: 'db', hostName: 'h2' },
  steps: [{ id: 'running', state: 'ok', text: 'both run' }],
  ...more,
});

it('network test prints what was found step by step, and fails where it breaks', async () => {
  const answers: ReachResult[] = [
    result({}),
    result({
      verdict: 'broken',
      steps: [
        { id: 'running', state: 'ok', text: 'both run' },
        { id: 'name', state: 'unknown', text: 'bridge has no names' },
        { id: 'listening', state: 'failed', text: 'nothing listens \x1b[2J', hint: 'docker logs db' },
        { id: 'connection', state: 'skipped', text: '' },
      ],
    }),
  ];
  const { berth, manager } = await withManager({ 'network.test': () => answers.shift() ?? result({}) });
  const good = await berth(['network', 'test', 'web', 'db']);
  expect(good).toMatchObject({ code: 0, stdout: '✓ both run: both run\n' });
  expect(good.stderr).toContain('db is reached from web');
  const bad = await berth(['network', 'test', 'web', 'db', '--port', '5432']);
  expect(bad.code).toBe(1);
  expect(bad.stdout.split('\n')).toEqual([
    '✓ both run: both run',
    '? name: bridge has no names',
    expect.stringMatching(/^✗ who listens: nothing listens /),
    '  docker logs db',
    '- connection',
    '',
  ]);
  expect(bad.stdout).not.toContain('\x1b[2J');
  expect(bad.stderr).toContain('db is not reached from web');
  expect(manager.calls.map(({ input }) => input)).toEqual([
    { from: 'web', to: 'db' },
    { from: 'web', to: 'db', port: 5432 },
  ]);
  expect((await berth(['network', 'test', 'web', 'db', '--port', '70000'])).code).toBe(2);
});
