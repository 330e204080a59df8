/**
 * A line of CSV (RFC 4180). A cell that a spreadsheet would take for a formula begins with an apostrophe, which shows it as
 * text (OWASP, "CSV Injection"): what is in it may be a stranger's. The same holds for what stands behind a semicolon, a tab or
 * the end of a line: where a semicolon separates cells, as in much of Europe, quotes within one do not hold it together.
 */
export function csvLine(cells: readonly (string | number)[]): string {
  return `${cells.map(cellText).join(',')}\r\n`;
}

function cellText(cell: string | number): string {
  const text = typeof cell === 'string' ? plain(cell) : String(cell);
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function plain(text: string): string {
  const whole = /^[=+\-@;\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
  return whole.replace(/([;\t\r\n]["'\s]*)(?=[=+\-@＝＋－＠])/g, "$1'");
}
