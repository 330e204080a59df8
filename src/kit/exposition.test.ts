import { expect, it } from 'vitest';
import { expositionText } from './exposition.ts';

it('is Prometheus’s text: labels quoted, one head for a family, nothing of what is not known', () => {
  const text = expositionText([
    {
      ...{ name: 'a_bytes', help: 'Of "a"\nand \\', type: 'gauge' },
      samples: [
        { value: Number.NaN },
        { labels: { name: 'x"y\\z\n', host: 'h1' }, value: 1.5 },
        { labels: {}, value: Number.POSITIVE_INFINITY },
      ],
    },
    { name: 'nothing', help: 'none', type: 'counter', samples: [{ value: Number.NaN }] },
    {
      ...{ name: 'b_seconds', help: 'B', type: 'histogram' },
      samples: [{ labels: { le: '+Inf' }, value: 2, suffix: '_bucket' }],
    },
  ]);
  expect(text).toBe(
    [
      '# HELP a_bytes Of "a"\\nand \\\\',
      '# TYPE a_bytes gauge',
      'a_bytes{name="x\\"y\\\\z\\n",host="h1"} 1.5',
      'a_bytes +Inf',
      '# HELP b_seconds B',
      '# TYPE b_seconds histogram',
      'b_seconds_bucket{le="+Inf"} 2',
      '',
    ].join('\n'),
  );
});
