import type { LogItem } from '../../contract/v1/services.ts';

export type LogQuery = Readonly<{
  stack: string;
  /** Undefined: of all services of the stack. */
  service?: string | undefined;
  follow?: boolean | undefined;
  /** Lines of each container, the newest; all where it is left out. */
  tail?: number | undefined;
  /** Seconds since the epoch, with decimals. */
  since?: string | undefined;
  until?: string | undefined;
}>;

/** Who reads the logs of containers on their hosts; wired in `src/main/`. */
export interface StackLogs {
  read(query: LogQuery, signal: AbortSignal): AsyncIterable<LogItem>;
}
