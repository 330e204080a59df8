import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newStyle } from './style.ts';
import { fitWidths, renderTable } from './table.ts';
import { widthOf } from './text.ts';

const plain = newStyle(false);

describe('renderTable', () => {
  it('sets columns under each other, numbers to the right', () => {
    const lines = renderTable(
      [{ header: 'NAME' }, { header: 'SCORE', align: 'right' }],
      [
        ['web', '7'],
        ['数据库', '12'],
      ],
      {
        style: plain,
      },
    );
    expect(lines).toEqual(['NAME    SCORE', 'web         7', '数据库     12']);
  });

  it('cuts only the widest columns', () => {
    const lines = renderTable([{ header: 'ID' }, { header: 'LABELS' }], [['abc', 'x'.repeat(60)]], {
      style: plain,
      width: 20,
    });
    expect(lines[1]).toBe(`abc  ${'x'.repeat(14)}…`);
  });

  it('cuts nothing where there is no terminal', () => {
    const long = 'x'.repeat(500);
    expect(renderTable([{ header: 'A' }], [[long]], { style: plain })[1]).toBe(long);
  });

  it('does not let a cell break the line or colour the rest', () => {
    const lines = renderTable([{ header: 'NAME' }, { header: 'B' }], [['a\n\x1b[31m', 'b']], {
      style: plain,
    });
    expect(lines).toHaveLength(2);
    expect(lines[1]).toBe('a\\x0a\\x1b[31m  b');
  });

  it('styles what is shown, so that colours do not count as columns', () => {
    const lines = renderTable([{ header: 'A' }, { header: 'B' }], [[{ text: 'up', style: 'green' }, 'x']], {
      style: newStyle(true),
      width: 80,
    });
    expect(lines[1]).toBe('\x1b[32mup\x1b[39m  x');
  });

  it('fits every terminal that has room for one character a column', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 4, maxLength: 4 }), { maxLength: 6 }),
        fc.integer({ min: 10, max: 200 }),
        (rows, width) => {
          const columns = ['A', 'LONGER', 'C', 'D'].map((header) => ({ header }));
          for (const line of renderTable(columns, rows, { style: plain, width })) {
            expect(widthOf(line)).toBeLessThanOrEqual(width);
          }
        },
      ),
    );
  });
});

describe('fitWidths', () => {
  it('uses all of the room, and leaves what fits alone', () => {
    expect(fitWidths([3, 4], 80)).toEqual([3, 4]);
    expect(fitWidths([3, 40, 40], 30)).toEqual([3, 12, 11]);
  });
});
