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
    pino.destination(2),
  );
}

/** For tests and for rooms that were given none. */
export const silentLogger: Logger = pino({ level: 'silent' });
