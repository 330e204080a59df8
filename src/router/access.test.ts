import { describe, expect, it } from 'vitest';
import { readFigures } from './access-figures.ts';
import { TIME_BOUNDS, TimesReader } from './response-times.ts';

describe('figures of show stat', () => {
  const head =
    '# pxname,svname,stot,bin,bout,econ,eresp,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,';
  const lines = (...rows: string[]) => [head, ...rows].join('\n');

  it('are added up by route and pool, and what the router answered itself is apart', () => {
    const figures = readFigures(
      lines(
        'entry:0.0.0.0:80,FRONTEND,9,9,9,9,9,9,9,9,9,9,9,',
        'http:shop,v1:10.0.0.1:80,5,10,20,1,0,0,4,0,1,0,0,',
        'http:shop,v1:10.0.0.2:80,3,10,20,0,0,0,3,0,0,0,0,',
        'http:shop,v2:10.0.0.3:80,2,5,6,0,1,0,1,0,0,1,0,',
        'http:shop,BACKEND,14,40,60,1,1,0,8,0,5,1,0,',
        'http:shop:v2,v2:10.0.0.3:80,1,1,1,0,0,0,1,0,0,0,0,',
        'http:shop:v2,BACKEND,1,1,1,0,0,0,1,0,0,0,0,',
        'nobody,BACKEND,7,0,0,0,0,0,0,0,7,0,0,',
        '',
      ),
    );
    const base = { kind: 'http', route: 'shop' };
    expect(figures).toHaveLength(3);
    expect(figures).toContainEqual({
      ...{
        ...base,
        pool: 'v1',
        responses: [0, 7, 0, 1, 0, 0],
        sessions: 8,
        failures: 1,
        bytesIn: 20,
        bytesOut: 40,
      },
    });
    expect(figures).toContainEqual({
      ...{
        ...base,
        pool: 'v2',
        responses: [0, 2, 0, 0, 1, 0],
        sessions: 3,
        failures: 1,
        bytesIn: 6,
        bytesOut: 7,
      },
    });
    expect(figures).toContainEqual({
      ...{ ...base, pool: undefined, responses: [0, 0, 0, 4, 0, 0], sessions: 4, failures: 0 },
      ...{ bytesIn: 15, bytesOut: 14 },
    });
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
      { route: 'shop', pool: 'v1', counts: at(1, 5) },
      { route: 'shop', pool: 'v2', counts: at(-1) },
    ]);
    reader.close();
  });
});
