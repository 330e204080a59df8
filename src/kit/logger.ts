import { writeSync } from 'node:fs';
import { type Logger as PinoLogger, pino } from 'pino';

export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error'> & {
  child(bindings: Record<string, unknown>): Logger;
};

/** JSON lines on standard error; secrets are never passed to it, and these paths are cut out in case one is. */
export function newLogger(level: string): Logger {
  return pino(
    {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: [
        'password',
        'token',
        'secret',
        'authorization',
        '*.password',
        '*.token',
        '*.secret',
        '*.authorization',
      ],
    },
    newLogLines(2),
  );
}

/**
 * Lines into an open file, at once. What a full disk or a reader that has gone does not take is lost: nobody who logs may
 * suffer from that, as pino's own destination would have it. A line that was cut off does not spoil the next one.
 */
export function newLogLines(
  fd: number,
  write: (fd: number, bytes: Uint8Array, from: number) => number = writeSync,
): Readonly<{ write(line: string): void }> {
  let torn = false;
  return {
    write: (line) => {
      const bytes = Buffer.from(torn ? `\n${line}` : line);
      let at = 0;
      try {
        while (at < bytes.length) at += write(fd, bytes, at);
        torn = false;
      } catch {
        torn ||= at > 0;
      }
    },
  };
}

/** For tests and for rooms that were given none. */
export const silentLogger: Logger = pino({ level: 'silent' });
