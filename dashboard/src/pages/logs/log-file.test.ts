import { expect, it } from 'vitest';
import { LogFile } from './log-file.ts';

const mark = (left: number | undefined) => `# cut ${left ?? 'here'}\n`;
const lines = (count: number, text = '') => Array.from({ length: count }, (_, at) => `${at} ${text}\n`);

async function textOf(file: LogFile): Promise<{ text: string; isCut: boolean }> {
  const { parts, isCut } = file.end(mark);
  return { text: await new Blob(parts).text(), isCut };
}

it('has all lines, whole, within its bounds', async () => {
  const all = [...lines(2500, '日本 😀'), `long ${'x'.repeat(3 * 1024 * 1024)}\n`, 'last\n'];
  for (const keeps of ['newest', 'oldest'] as const) {
    const file = new LogFile(keeps);
    expect(all.every((line) => file.add(line))).toBe(true);
    expect(await textOf(file)).toEqual({ text: all.join(''), isCut: false });
  }
});

it('lets the oldest lines go, and says how many', async () => {
  const byLines = new LogFile('newest', { lines: 2000, bytes: 1e9 });
  for (const line of lines(4500)) expect(byLines.add(line)).toBe(true);
  expect(await textOf(byLines)).toEqual({
    text: `# cut 3000\n${lines(4500).slice(3000).join('')}`,
    isCut: true,
  });
  const byBytes = new LogFile('newest', { lines: 1e9, bytes: 30_000 });
  for (const line of lines(4000, 'ten bytes.')) byBytes.add(line);
  const { text } = await textOf(byBytes);
  expect(text).toMatch(/^# cut 3000\n3000 ten bytes\.\n[\s\S]*\n3999 ten bytes\.\n$/);
});

it('takes nothing after its bounds, and says where', async () => {
  const byLines = new LogFile('oldest', { lines: 1500, bytes: 1e9 });
  const taken = lines(4000).filter((line) => byLines.add(line)).length;
  expect(taken).toBeLessThan(2001);
  expect(await textOf(byLines)).toEqual({
    text: `${lines(1500).join('')}# cut here\n`,
    isCut: true,
  });
  // Three bytes for each letter: 13, 10 and 2.
  const byBytes = new LogFile('oldest', { lines: 1e9, bytes: 24 });
  for (const line of ['日本日本\n', '日本日\n', 'x\n']) byBytes.add(line);
  expect(await textOf(byBytes)).toEqual({ text: '日本日本\n日本日\n# cut here\n', isCut: true });
});
