import { expect, it } from 'vitest';
import { Table } from './table.ts';

function table(columns: string[], record: string[] = columns): Table {
  const made = new Table();
  made.group('Things', columns);
  made.expect('Things', 'docker a');
  made.expect('Things', 'docker b|c', 'a reason.');
  for (const column of record) {
    made.record('Things', 'docker a', column);
    made.record('Things', 'docker b|c', column);
  }
  return made;
}

const BOTH = table(['docker 20.10', 'docker 28']).markdown('', true);

it('writes the newest client first, and a reason where something differs', () => {
  expect(BOTH).toBe(
    [
      '## Things',
      '',
      '| command | docker 28 | docker 20.10 | how it differs, and why |',
      '|---|---|---|---|',
      '| `docker a` | works | works |  |',
      '| `docker b\\|c` | differs | differs | a reason. |',
      '',
    ].join('\n'),
  );
});

it('keeps the columns of clients that are not here', () => {
  expect(table(['docker 28']).markdown(BOTH, false)).toBe(BOTH);
  expect(table(['docker 20.10']).markdown(BOTH, false)).toBe(BOTH);
});

it('takes in a client that is new only when it is told to', () => {
  expect(table(['docker 28', 'docker 29']).markdown(BOTH, false)).toBe(BOTH);
  expect(table(['docker 28', 'docker 29']).markdown(BOTH, true)).toContain(
    '| docker 29 | docker 28 | docker 20.10 |',
  );
});

it('shows what has not been tried as a gap, which is another text', () => {
  expect(table(['docker 28'], []).markdown(BOTH, false)).not.toBe(BOTH);
});
