import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import type { AgentFrame, ManagerFrame } from '../contract/link.ts';

/** A request to the engine of one host, as seen from the manager. */
export type EngineRequest = Readonly<{
  method: string;
  /** Path and query as the engine reads them, with the API version: `/v1.41/containers/json?all=1`. */
  path: string;
  headers?: Readonly<Record<string, string>>;
  /** A stream is passed on with back-pressure; a string or bytes are sent whole. */
  body?: Readable | string | Uint8Array;
  /** Of `POST /exec/x/start`: its command is ended on the host once this end of the raw connection is gone. */
  hangUp?: boolean;
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

/** Agents of the cluster's hosts, by host ID, asked something themselves. */
export interface Agents {
  /**
   * @param path `/look`
   * @param question JSON
   * @returns its answer, as it came: the caller checks it
   * @throws BerthError `host_down`, `unsupported` where the agent is of an earlier version, `timeout`, and the agent's own
   */
  ask(hostId: string, path: string, question: unknown, signal: AbortSignal): Promise<unknown>;
  /** As `ask`, with bytes behind the question, taken as fast as the agent does. Ends `sent` where it is not wanted. */
  send(
    hostId: string,
    path: string,
    question: unknown,
    sent: Readable,
    signal: AbortSignal,
  ): Promise<unknown>;
}

/**
 * What an agent answers itself, by the path behind `/agent`. `sent` are the bytes behind the question; it throws where they
 * break off. @throws BerthError passed on to the manager with its code
 */
export type AgentAnswers = Readonly<
  Record<string, (question: unknown, signal: AbortSignal, sent: Readable) => Promise<unknown>>
>;

/** One host's engine, as the agent's end of the link asks it. `engine/`'s `Engine` fits. */
export interface HostEngine {
  /**
   * `body` is left out where the request has none. Where the answer comes before the body is read to its end, the rest
   * may be left unread. @throws BerthError passed on to the manager with its code
   */
  request(request: EngineRequest): Promise<EngineResponse>;
  /**
   * `headers` have the protocol to ask for in `upgrade`. `stream` must allow half-closing: its end is passed on, as is
   * the end that comes from the client.
   */
  upgrade(request: EngineRequest): Promise<EngineUpgrade>;
}

/** A two-way stream of frames over one connection of the link. */
export interface FrameSession<Out, In> {
  /** host:port of the other end. */
  readonly remoteAddress: string;
  /** Bytes of frames that have not left yet: whoever sends in bulk waits while this is large. */
  readonly backlog: number;
  /**
   * Queues a frame; does nothing once closed. Where the other end does not read, the session ends at 64 MiB of backlog.
   * @throws BerthError `too_large` where the frame is longer than `MAX_FRAME`
   */
  send(frame: Out): void;
  /** Frames in order, already validated. Nothing is read before this is called. */
  onFrame(listener: (frame: In) => void): void;
  /** Once; `reason` is one sentence. Called also where the session is closed already. */
  onClose(listener: (reason: string) => void): void;
  /** Ends the whole connection; the other end is told the reason. */
  close(reason: string): void;
}

/** The manager's view of one connected host. */
export interface HostSession extends FrameSession<ManagerFrame, AgentFrame> {
  readonly hostId: string;
  readonly hostName: string;
  readonly machineId: string;
}

/** The agent's view of its manager. */
export type ManagerSession = FrameSession<AgentFrame, ManagerFrame>;
