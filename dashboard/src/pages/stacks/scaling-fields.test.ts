import { expect, it } from 'vitest';
import { autoscaleCli, fieldsOf, type Scaling, scalingFrom } from './scaling-fields.ts';

const scaling: Scaling = {
  ...{ kind: 'scaling', min: 2, max: 20, step: 2, periodMs: 30_000, downAfterMs: 600_000 },
  rules: [
    { metric: 'cpu', target: 60 },
    { metric: 'requests', below: 50, above: 200 },
    { metric: 'latency', above: 250 },
  ],
  schedules: [
    { kind: 'schedule', days: [1, 2, 3, 4, 5], from: 480, to: 1200, zone: 'Europe/Berlin', min: 6 },
  ],
};

it('shows rules in fields, and has the same rules from these', () => {
  const fields = fieldsOf(scaling);
  expect(fields.schedules).toBe('weekdays 08:00-20:00 Europe/Berlin: at least 6');
  expect([fields.period, fields.upAfter, fields.downAfter]).toEqual([30, '', 600]);
  expect(scalingFrom(fields)).toEqual(scaling);
});

it('leaves out what is not said, and names the line of a schedule that is none', () => {
  const fields = fieldsOf(null);
  expect(scalingFrom(fields)).toEqual({
    ...{ kind: 'scaling', min: 1, max: 10, step: 1 },
    rules: [{ metric: 'cpu', target: 60 }],
  });
  expect(scalingFrom({ ...fields, schedules: '\n daily 8-20: 3 \nsometimes' })).toMatchObject({
    ...{ kind: 'fault', line: 'sometimes', why: expect.stringContaining('is not of the form') },
  });
});

it('is one command line', () => {
  expect(autoscaleCli('shop/web', scaling)).toBe(
    'berth autoscale set shop/web --min 2 --max 20 --step 2 --cpu 60 --requests 50..200 --latency ..250 ' +
      "--schedule 'weekdays 08:00-20:00 Europe/Berlin: at least 6' --period 30s --down-after 600s",
  );
});
