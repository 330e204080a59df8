import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Table } from './table.ts';

type Row = Readonly<{ id: string; name: string }>;

const id = fc.constantFrom('1', '2', '3', '4', '5', '6');
const row = fc.record({ id, name: fc.constantFrom('a', 'b', 'c') });
const step = fc.oneof(
  row.map((one) => (table: Table<Row>, rows: Map<string, Row>) => {
    table.put(one);
    rows.set(one.id, one);
  }),
  id.map((one) => (table: Table<Row>, rows: Map<string, Row>) => {
    table.delete(one);
    rows.delete(one);
  }),
  fc.array(row, { maxLength: 4 }).map((all) => (table: Table<Row>, rows: Map<string, Row>) => {
    table.replace(all);
    rows.clear();
    for (const one of all) rows.set(one.id, one);
  }),
  fc.array(id).map((all) => (table: Table<Row>, rows: Map<string, Row>) => {
    table.keep(new Set<string>(all));
    for (const one of [...rows.keys()]) if (!all.some((kept) => kept === one)) rows.delete(one);
  }),
  fc.constant((table: Table<Row>) => void table.list()),
);

it('lists what is in it by name and ID, however it came there', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const table = new Table<Row>();
      const rows = new Map<string, Row>();
      for (const take of steps) take(table, rows);
      const wanted = [...rows.values()].sort((a, b) => (`${a.name} ${a.id}` < `${b.name} ${b.id}` ? -1 : 1));
      expect(table.list()).toEqual(wanted);
    }),
  );
});

it('is another list when, and only when, a row is', () => {
  const table = new Table<Row>();
  table.replace([{ id: '1', name: 'a' }]);
  const before = table.list();
  table.delete('2');
  expect(table.list()).toBe(before);
  table.put({ id: '1', name: 'a' });
  expect(table.list()).not.toBe(before);
});
