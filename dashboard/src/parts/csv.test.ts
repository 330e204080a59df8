import { expect, it } from 'vitest';
import { csvLine } from './csv.ts';

it('writes cells that no spreadsheet takes for something else', () => {
  expect(csvLine(['a', 1, -2, 'b,c', 'say "x"', 'two\nlines', ''])).toBe(
    'a,1,-2,"b,c","say ""x""","two\nlines",\r\n',
  );
  const evil = ['=HYPERLINK("http://x")', '+1', '-1', '@SUM(1)', '\t=1', '\r=1', '＝1', ';=1'];
  for (const text of evil) expect(csvLine([text]).replace(/^"/, '')[0], text).toBe("'");
});

it('has nothing that becomes a formula where semicolons separate cells', () => {
  expect(csvLine(['a;b'])).toBe('"a;b"\r\n');
  for (const text of ['x;=1', 'x; @SUM(1)', 'x;"+1', 'x\n-1', 'x;;=1', "x;'=1", '\t;＝1'])
    for (const line of csvLine(['who', text, 'ok']).replaceAll('""', '').split(/\r?\n/))
      for (const cell of line.split(/[;\t]/))
        expect([text, cell.trim()]).not.toEqual([text, expect.stringMatching(/^"?[=+\-@＝]/)]);
});
