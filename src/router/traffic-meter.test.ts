import { describe, expect, it } from 'vitest';
import { TIME_BOUNDS } from '../model/traffic.ts';
import { TimesReader } from './response-times.ts';
import { TrafficMeter } from './traffic-meter.ts';

describe('traffic', () => {
  const HEAD =
    '# pxname,svname,stot,bin,bout,econ,eresp,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,';
  const stat = (...rows: string[]) => [HEAD, ...rows].join('\n');
  /** A server, or `BACKEND`, with so many requests that were answered well. */
  const row = (backend: string, server: string, good: number, bad = 0) =>
    `${backend},${server},${good + bad},${good},${good * 2},0,0,0,${good},0,0,${bad},0,`;
  /** Times of which so many are in the fourth bucket. */
  const inFourth = (count: number) => [...TIME_BOUNDS, 0].map((_, i) => (i === 3 ? count : 0));
  const NOBODYS = new Map<string, string>();
  const shown = (meter: TrafficMeter, life: string, answer: string) =>
    Object.fromEntries(
      meter
        .take(life, answer, [], NOBODYS)
        .map(({ route, pool, responses }) => [`${route} ${pool ?? ''}`.trim(), responses.slice(1, 5)]),
    );

  it('is added up by route and pool, canaries’ backends too; a route has what its router answered itself', () => {
    const meter = new TrafficMeter();
    const spares = new Map([['spare:4', 'late']]);
    meter.take('7 1', stat(), [], spares);
    const traffic = meter.take(
      '7 1',
      stat(
        'entry:0.0.0.0:80,FRONTEND,9,9,9,9,9,9,9,9,9,9,9,',
        'http:shop,v1:10.0.0.1:80,5,10,20,1,0,0,4,0,1,0,0,',
        'http:shop,v1:10.0.0.2:80,3,10,20,0,0,0,3,0,0,0,0,',
        'http:shop,v2:10.0.0.3:80,2,5,6,0,1,0,1,0,0,1,0,',
        'http:shop,BACKEND,14,40,60,1,1,0,8,0,5,1,0,',
        'http:shop:v2,v2:10.0.0.3:80,1,1,1,0,0,0,1,0,0,0,0,',
        'http:shop:v2,BACKEND,1,1,1,0,0,0,1,0,0,0,0,',
        'tcp:db,v1:10.0.0.4:5432,2,7,8,1,0,0,0,0,0,0,0,',
        'spare:4,v1:10.0.0.5:80,2,7,8,0,0,0,2,0,0,0,0,',
        'spare:5,v1:10.0.0.5:80,2,7,8,0,0,0,2,0,0,0,0,',
        'nobody,BACKEND,7,0,0,0,0,0,0,0,7,0,0,',
        '',
      ),
      [
        { backend: 'http:shop', pool: 'v2', counts: inFourth(1) },
        { backend: 'http:shop:v2', pool: 'v2', counts: inFourth(1) },
        { backend: 'spare:4', pool: 'v1', counts: inFourth(5) },
        { backend: 'spare:5', pool: 'v1', counts: inFourth(7) },
      ],
      spares,
    );
    const none = inFourth(0);
    const http = { kind: 'http', route: 'shop' };
    const of = (responses: number[], sessions: number, failures: number, bytes: [number, number]) => ({
      ...{ responses, sessions, failures, bytesIn: bytes[0], bytesOut: bytes[1], times: none },
    });
    expect(traffic).toEqual([
      { ...http, pool: 'v1', ...of([0, 7, 0, 1, 0, 0], 8, 1, [20, 40]) },
      {
        ...{ ...http, pool: 'v2', ...of([0, 2, 0, 0, 1, 0], 3, 1, [6, 7]) },
        times: inFourth(2),
      },
      { ...http, ...of([0, 9, 0, 5, 1, 0], 15, 2, [41, 61]) },
      { kind: 'tcp', route: 'db', pool: 'v1', ...of([0, 0, 0, 0, 0, 0], 2, 1, [7, 8]) },
      {
        ...{ kind: 'http', route: 'late', pool: 'v1', ...of([0, 2, 0, 0, 0, 0], 2, 0, [7, 8]) },
        times: inFourth(5),
      },
    ]);
  });

  it('is what came since the last reading: of a worker that goes on, and of one that has begun', () => {
    const meter = new TrafficMeter();
    const at = (count: number) => stat(row('http:a', 'r1:x:1', count), row('http:a', 'BACKEND', count));
    expect(shown(meter, '1 1', at(1000))).toEqual({});
    expect(shown(meter, '1 1', at(1000))).toEqual({});
    expect(shown(meter, '1 1', at(1005))).toEqual({ 'a r1': [5, 0, 0, 0], a: [5, 0, 0, 0] });
    // More than before, and all of it new.
    expect(shown(meter, '1 2', at(2000))).toEqual({ 'a r1': [2000, 0, 0, 0], a: [2000, 0, 0, 0] });
  });

  it('does not count anew what a server had that was deleted, nor forget what one has that was added again', () => {
    const meter = new TrafficMeter();
    const both = stat(
      row('http:a', 'r1:x:1', 90),
      row('http:a', 'r2:y:1', 10),
      row('http:a', 'BACKEND', 100),
    );
    shown(meter, '1 1', both);
    const without = stat(row('http:a', 'r2:y:1', 12), row('http:a', 'BACKEND', 102));
    expect(shown(meter, '1 1', without)).toEqual({ 'a r2': [2, 0, 0, 0], a: [2, 0, 0, 0] });
    const again = stat(
      row('http:a', 'r2:y:1', 12),
      row('http:a', 'r1:x:1', 3),
      row('http:a', 'BACKEND', 105),
    );
    expect(shown(meter, '1 1', again)).toEqual({ 'a r1': [3, 0, 0, 0], a: [3, 0, 0, 0] });
    const anew = stat(row('http:a', 'r2:y:1', 4), row('http:a', 'r1:x:1', 3), row('http:a', 'BACKEND', 109));
    expect(shown(meter, '1 1', anew)).toEqual({ 'a r2': [4, 0, 0, 0], a: [4, 0, 0, 0] });
  });
});

describe('times of responses', () => {
  it('are counted by route and pool, however the lines are cut, and nothing else is', () => {
    const reader = new TimesReader('/nowhere');
    const text =
      'http:shop v1:10.0.0.1:80 200 0 1 3\nhttp:shop v1:10.0.0.2:80 500 0 0 0\nnobody <NOSRV> 404 -1 -1 -1\n' +
      'http:shop <NOSRV> 503 -1 -1 -1\nhttp:shop v2:10.0.0.2:80 503 0 -1 -1\nhttp:shop v2:10.0.0.2:80 200 0 0 99999\nodd\n';
    for (let i = 0; i < text.length; i += 7) reader.take(text.slice(i, i + 7));
    const at = (...bounds: number[]) => {
      const counts = [...TIME_BOUNDS, 0].map(() => 0);
      for (const bound of bounds) counts[bound === -1 ? TIME_BOUNDS.length : TIME_BOUNDS.indexOf(bound)] = 1;
      return counts;
    };
    expect(reader.read()).toEqual([
      { backend: 'http:shop', pool: 'v1', counts: at(1, 5) },
      { backend: 'http:shop', pool: 'v2', counts: at(-1) },
    ]);
    expect(reader.read()).toEqual([]);
    reader.close();
  });
});
