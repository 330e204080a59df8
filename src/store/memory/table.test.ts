import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Table } from './table.ts';

type Row = Readonly<{ key: string; colour: string | undefined; n: number }>;

const newTable = () =>
  new Table<Row>({ durable: false, key: ({ key }) => key, indexes: { colour: ({ colour }) => colour } });

it('finds under a value what a look at all records finds, after any history', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd');
  const colour = fc.constantFrom('red', 'blue', undefined);
  const put = fc.record({ key, colour, n: fc.nat(3) });
  const step = fc.oneof(put, key);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const table = newTable();
      const rows = new Map<string, Row>();
      for (const one of steps) {
        const [at, row] = typeof one === 'string' ? [one, undefined] : [one.key, one];
        expect(table.set(at, row)).toBe(rows.get(at));
        if (row === undefined) rows.delete(at);
        else rows.set(at, row);
        const sorted = (found: Iterable<Row>) => [...found].sort((x, y) => (x.key < y.key ? -1 : 1));
        expect(sorted(table.values())).toEqual(sorted(rows.values()));
        for (const value of ['red', 'blue', 'green'])
          expect(sorted(table.by('colour', value))).toEqual(
            sorted([...rows.values()].filter((each) => each.colour === value)),
          );
      }
    }),
  );
});

it('lets a loop over a value put, move and take away what it reads', () => {
  const table = newTable();
  for (const key of ['a', 'b', 'c', 'd']) table.set(key, { key, colour: 'red', n: 0 });
  const read: string[] = [];
  for (const row of table.by('colour', 'red')) {
    read.push(row.key);
    if (row.key === 'b') table.set('b', { ...row, colour: 'blue' });
    else if (row.key === 'c') table.set('c', undefined);
    else table.set(row.key, { ...row, n: row.n + 1 });
  }
  expect(read).toEqual(['a', 'b', 'c', 'd']);
  expect([...table.by('colour', 'red')]).toEqual([
    { key: 'a', colour: 'red', n: 1 },
    { key: 'd', colour: 'red', n: 1 },
  ]);
  expect([...table.by('colour', 'blue')].map(({ key }) => key)).toEqual(['b']);
});
