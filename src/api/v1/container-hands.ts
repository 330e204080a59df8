import type { LogItem } from '../../contract/v1/services.ts';
import type { Role } from '../../model/access.ts';

export type ContainerLogQuery = Readonly<{
  container: string;
  follow?: boolean | undefined;
  /** Newest lines; all where it is left out. */
  tail?: number | undefined;
  /** Seconds since the epoch, with decimals. */
  since?: string | undefined;
}>;

/**
 * Acts on single containers where they are; wired in `src/main/`. Each takes what a person calls one (ID, name,
 * `host/name`).
 * @throws BerthError `not_found`, `host_down`, `engine` in its host's words, `conflict`
 */
export interface ContainerHands {
  inspect(ref: string, role: Role): Promise<Readonly<Record<string, unknown>>>;
  /** Refuses at once; what fails later is a note in the answer. */
  logs(query: ContainerLogQuery): Promise<(signal: AbortSignal) => AsyncIterable<LogItem>>;
  start(ref: string): Promise<void>;
  stop(ref: string, timeout: number | undefined): Promise<void>;
  restart(ref: string, timeout: number | undefined): Promise<void>;
  remove(ref: string, options: Readonly<{ force: boolean; volumes: boolean }>): Promise<void>;
}
