import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex, Readable } from 'node:stream';

/** A request to the engine of one host, as seen from the manager. */
export type EngineRequest = Readonly<{
  method: string;
  /** Path and query as the engine reads them, with the API version: `/v1.41/containers/json?all=1`. */
  path: string;
  headers?: Readonly<Record<string, string>>;
  /** A stream is passed on with back-pressure; a string or bytes are sent whole. */
  body?: Readable | string | Uint8Array;
  /** Aborting frees everything behind the request, on the host too. */
  signal?: AbortSignal;
}>;

export type EngineResponse = Readonly<{
  status: number;
  headers: IncomingHttpHeaders;
  /** Must be read to its end or destroyed. */
  body: Readable;
}>;

/** `upgraded` has a raw connection; otherwise the engine answered in plain HTTP (an error, mostly). */
export type EngineUpgrade =
  | Readonly<{ kind: 'upgraded'; headers: IncomingHttpHeaders; stream: Duplex }>
  | (Readonly<{ kind: 'response' }> & EngineResponse);

/**
 * Engines of the cluster's hosts, by host ID. What `api/` is given; the manager's end of the link implements it, and a
 * fake over local sockets does in tests.
 */
export interface Engines {
  /**
   * @throws BerthError `host_down` where the host has no connection or lost it before the answer's head;
   *   `not_found` where there is no such host.
   */
  request(hostId: string, request: EngineRequest): Promise<EngineResponse>;
  /** As `request`, asking the engine for a raw connection (attach, exec, session, attach/ws). */
  upgrade(hostId: string, request: EngineRequest): Promise<EngineUpgrade>;
  /** True while the host's agent is connected. */
  connected(hostId: string): boolean;
}
