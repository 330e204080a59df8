import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { newLogLines } from './logger.ts';

it('writes whole lines at once', () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-log-'));
  const fd = openSync(join(folder, 'log'), 'a');
  const logger = pino({ base: undefined, timestamp: false }, newLogLines(fd));
  logger.info('one');
  logger.warn({ text: 'ü'.repeat(70_000) }, 'two');
  expect(
    readFileSync(join(folder, 'log'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).msg),
  ).toEqual(['one', 'two']);
  closeSync(fd);
  rmSync(folder, { recursive: true });
});

it('throws nothing where a full disk takes none of it', () => {
  const fd = openSync('/dev/full', 'w');
  const logger = pino(newLogLines(fd));
  for (let i = 0; i < 3; i++) logger.error('lost');
  closeSync(fd);
});

it('begins a new line after one that was cut off', () => {
  let file = '';
  let room = 13;
  const lines = newLogLines(0, (_fd, bytes, from) => {
    if (room === 0) throw new Error('ENOSPC');
    const taken = Buffer.from(bytes).subarray(from, from + room);
    file += taken.toString();
    room -= taken.length;
    return taken.length;
  });
  lines.write('first\n');
  lines.write('second, too long\n');
  lines.write('third, lost\n');
  room = 100;
  lines.write('fourth\n');
  lines.write('fifth\n');
  expect(file).toBe('first\nsecond,\nfourth\nfifth\n');
});
