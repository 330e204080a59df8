import type { Duplex, Readable } from 'node:stream';
import type { FolderListing, PutFileQuestion, StoredFile } from '../../contract/container-files.ts';
import type { ContainerStats } from '../../contract/v1/containers.ts';
import type { LogItem } from '../../contract/v1/services.ts';
import type { Role } from '../../model/access.ts';

export type ContainerLogQuery = Readonly<{
  container: string;
  follow?: boolean | undefined;
  /** Newest lines; all where it is left out. */
  tail?: number | undefined;
  /** Seconds since the epoch, with decimals. */
  since?: string | undefined;
  until?: string | undefined;
}>;

export type MergedLogQuery = Omit<ContainerLogQuery, 'container'> &
  Readonly<{ containers: readonly string[] }>;

export type TerminalQuery = Readonly<{
  container: string;
  /** An argv array. */
  command: readonly string[];
  user?: string | undefined;
  workingDir?: string | undefined;
}>;

/** A command with a terminal of its own that runs in a container. */
export interface TerminalProcess {
  /** What is typed, and what it writes. Whoever destroys it ends the command. */
  readonly stream: Duplex;
  /** Does nothing once it has ended. */
  resize(columns: number, rows: number): Promise<void>;
  /** Undefined where its host does not tell. */
  exitCode(): Promise<number | undefined>;
}

/** What a path of a container leads to. */
export type ContainerDownload = Readonly<{
  path: string;
  /** What a file is called that it is saved to. */
  name: string;
  isFolder: boolean;
  /** Bytes, of a file. */
  size?: number;
}>;

/** Where a file is to be put: a folder of a container, and what it is called there. */
export type FilePlace = Omit<PutFileQuestion, 'container'>;

/**
 * Acts on single containers where they are; wired in `src/main/`. Each takes what a person calls one (ID, name,
 * `host/name`).
 * @throws BerthError `not_found`, `host_down`, `engine` in its host's words, `conflict`
 */
export interface ContainerHands {
  inspect(ref: string, role: Role): Promise<Readonly<Record<string, unknown>>>;
  /** Refuses at once; what fails later is a note in the answer. */
  logs(query: ContainerLogQuery): Promise<(signal: AbortSignal) => AsyncIterable<LogItem>>;
  /** As `logs`, of several in one. */
  mergedLogs(query: MergedLogQuery): Promise<(signal: AbortSignal) => AsyncIterable<LogItem>>;
  /** Whether a terminal could be opened now. @returns the container's name @throws BerthError `conflict` where it does not run */
  terminalTarget(ref: string): string;
  /** @param signal ends the opening, not what is open */
  terminal(query: TerminalQuery, signal: AbortSignal): Promise<TerminalProcess>;
  start(ref: string): Promise<void>;
  stop(ref: string, timeout: number | undefined): Promise<void>;
  restart(ref: string, timeout: number | undefined): Promise<void>;
  /** @throws BerthError also `bad_request` and `not_found` for the path, `conflict` where it does not run, `unsupported` */
  files(ref: string, path: string): Promise<FolderListing>;
  download(ref: string, path: string): Promise<ContainerDownload>;
  /** The file, or a tar of the folder. Must be read to its end or destroyed. */
  fetch(ref: string, download: ContainerDownload): Promise<Readonly<{ size?: number; body: Readable }>>;
  /**
   * Puts a file there; `sent` is ended where it is not wanted.
   * @param signal fires where nobody waits for it: it does not come to be then
   * @throws BerthError also `bad_request` and `not_found` for the folder, `conflict` in words for a person, `unsupported`
   */
  upload(ref: string, place: FilePlace, sent: Readable, signal: AbortSignal): Promise<StoredFile>;
  kill(ref: string, signal: string | undefined): Promise<void>;
  pause(ref: string): Promise<void>;
  unpause(ref: string): Promise<void>;
  rename(ref: string, name: string): Promise<void>;
  /** @throws BerthError also `conflict` where it does not run */
  stats(ref: string): Promise<ContainerStats>;
  remove(ref: string, options: Readonly<{ force: boolean; volumes: boolean }>): Promise<void>;
}
