import { expect, it } from 'vitest';
import { csvLine } from './csv.ts';

it('writes cells that no spreadsheet takes for something else', () => {
  expect(csvLine(['a', 1, -2, 'b,c', 'say "x"', 'two\nlines', ''])).toBe(
    'a,1,-2,"b,c","say ""x""","two\nlines",\r\n',
  );
  const evil = ['=HYPERLINK("http://x")', '+1', '-1', '@SUM(1)', '\t=1', '\r=1', '＝1'];
  for (const text of evil) expect(csvLine([text]).replace(/^"/, '')[0], text).toBe("'");
});
