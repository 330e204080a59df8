import { expect, it } from 'vitest';
import { busyMarks } from './drained.ts';

it('finds connections of an address and port, whatever is behind them in the name', () => {
  const answer = [
    '# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est',
    'http:a/v1:10.0.0.1:80 3/1 10.0.0.1 80 - 5000 0 1 1',
    'http:b/v1:10.0.0.1:80:0a1b2c3d 4/1 10.0.0.1 80 - 5000 2 1 1',
    'http:a/v1:10.0.0.1:8080 3/2 10.0.0.1 8080 - 5000 1 1 1',
    'spare:3/v1:10.0.0.1:81 3/2 10.0.0.1 81 - 5000 0 9 9',
    'http:c/v1:10.0.0.2:80 3/2 10.0.0.2 80 - 5000 7 7 7',
  ].join('\n');
  const marks = [':10.0.0.1:80', ':10.0.0.1:8080', ':10.0.0.1:81', ':10.0.0.2:80', ':10.0.0.2:8'];
  expect([...busyMarks(answer, marks)]).toEqual([':10.0.0.1:80', ':10.0.0.1:8080', ':10.0.0.2:80']);
  expect([...busyMarks('', marks)]).toEqual([]);
});
