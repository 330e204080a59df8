import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex, Readable } from 'node:stream';

export type RawRequest = Readonly<{
  method: string;
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: Readable | string | Uint8Array;
  signal?: AbortSignal;
}>;
export type RawResponse = Readonly<{ status: number; headers: IncomingHttpHeaders; body: Readable }>;
export type RawUpgrade =
  | Readonly<{ kind: 'upgraded'; headers: IncomingHttpHeaders; stream: Duplex }>
  | (Readonly<{ kind: 'response' }> & RawResponse);

/** A Docker Engine as the agent sees it: raw HTTP over one dial function. Docker's words stay Docker's. */
export interface Engine {
  request(request: RawRequest): Promise<RawResponse>;
  upgrade(request: RawRequest): Promise<RawUpgrade>;
  /**
   * Sends `body` as JSON and reads a JSON answer of at most 64 MiB.
   * @throws BerthError `engine` with the engine's status and message where it refused; `host_down` where it does not
   *   answer.
   */
  json<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T>;
  close(): void;
}
