import { expect, it } from 'vitest';
import { ruleFrom, rulesText } from './scaling-text.ts';
import { withManager } from './testing/run.ts';

it('a rule is a target, a band, or one end of it', () => {
  const read = (text: string) => ruleFrom(text, 'cpu', '--cpu');
  expect(read('60')).toEqual({ metric: 'cpu', target: 60 });
  expect(read('30..70')).toEqual({ metric: 'cpu', below: 30, above: 70 });
  expect(read('..70.5')).toEqual({ metric: 'cpu', above: 70.5 });
  expect(read('30..')).toEqual({ metric: 'cpu', below: 30 });
  for (const wrong of ['', '..', 'x', '-1', '30-70', '1e9'])
    expect(() => read(wrong), wrong).toThrow('--cpu: ');
  expect(() => read('70..30')).toThrow('--cpu: 70 must be less than 30');
  expect(() => ruleFrom('50', 'latency', '--latency')).toThrow('latency has no target');
});

it('rules are told as they are set', () => {
  const scaling = { kind: 'scaling' as const, min: 1, max: 2, step: 1 };
  expect(
    rulesText({
      ...scaling,
      rules: [
        { metric: 'networkIn', above: 5 },
        { metric: 'cpu', target: 60 },
      ],
    }),
  ).toBe('network-in ..5, cpu 60');
});

it('autoscale set sends what was asked for, and refuses what cannot be before it asks', async () => {
  const { berth, manager } = await withManager({ 'autoscale.set': () => ({ scaling: { kind: 'off' } }) });
  const done = await berth([
    ...[
      'autoscale',
      'set',
      'shop/web',
      '--min',
      '2',
      '--cpu',
      '60',
      '--network-in',
      '..500',
      '--up-after',
      '30s',
    ],
    ...['--schedule', 'weekdays 8-20 Europe/Berlin: at least 6'],
  ]);
  expect([done.code, done.stdout]).toEqual([
    0,
    'shop/web scales from 2 to 10 containers by cpu 60, network-in ..500, weekdays 08:00-20:00 Europe/Berlin: at least 6\n',
  ]);
  expect(manager.calls.map(({ input }) => input)).toMatchObject([
    {
      scaling: {
        ...{ min: 2, max: 10, step: 1, upAfterMs: 30_000 },
        rules: [
          { metric: 'cpu', target: 60 },
          { metric: 'networkIn', above: 500 },
        ],
      },
    },
  ]);
  const refused = async (...flags: string[]) =>
    (await berth(['autoscale', 'set', 'shop/web', ...flags])).stderr;
  expect(await refused()).toContain('nothing says when there are to be more or fewer');
  expect(await refused('--cpu', '60', '--min', '5', '--max', '3')).toContain('--min 5 is more than --max 3');
  expect(await refused('--schedule', 'mon-sun 0-24: at least 5', '--max', '4')).toContain(
    '--schedule: at least 5 is more than --max 4',
  );
  expect(await refused('--schedule', 'someday 8-20: 6')).toContain(
    '--schedule: "someday 8-20: 6" has "someday"',
  );
  expect(await refused('--off', '--cpu', '60')).toContain('--off stands beside --cpu');
  expect(manager.calls).toHaveLength(1);
});
