import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Role } from '../../model/access.ts';
import type { Principal } from '../auth/principal.ts';
import type { DockerDeps } from './deps.ts';

/** What a call tells the audit log while it is handled; see `audit.ts`. */
export type CallAudit = {
  /** What it was done to, where neither path nor query names it. */
  target: string | undefined;
  /** Writes the entry, once. */
  write: () => void;
};

/** One request to the Docker endpoint, parsed: what every handler gets. */
export type DockerCall = Readonly<{
  method: string;
  /** Path without the version prefix, decoded nowhere: `/containers/json`. */
  path: string;
  /** Decoded `:name` parts of the route's pattern. */
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  /** The API version that the client asked for, or the newest; always within what is served: "1.41". */
  apiVersion: string;
  principal: Principal;
  /** For the audit log. */
  audit: CallAudit;
  req: IncomingMessage;
  res: ServerResponse;
  /** Aborted when the client goes away: pass it to everything that is started for this call. */
  signal: AbortSignal;
  deps: DockerDeps;
}>;

/** As much of a call as it takes to act on a container, whoever asks. */
export type EngineCall = Pick<DockerCall, 'deps' | 'apiVersion' | 'signal'>;

/** One line in the registry of routes. */
export type DockerRoute = Readonly<{
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** `/containers/:id/json`; `:name*` takes the rest of the path, slashes included (image names). */
  pattern: string;
  role: Role;
  /** What the audit log calls it, such as `container.create`; absent for reads. */
  action?: string;
  handle(call: DockerCall): Promise<void>;
  /**
   * Where the client asked to upgrade the connection; without it such a request is handled as a plain one. All that
   * follows the request's head is still to be read from `socket`.
   */
  upgrade?(call: DockerCall, socket: Duplex): Promise<void>;
}>;
