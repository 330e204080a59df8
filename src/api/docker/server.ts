import { unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerOptions } from 'node:http';
import {
  createServer as createTlsServer,
  type Server as TlsServer,
  type ServerOptions as TlsServerOptions,
} from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { ConnectionLimit } from '../../kit/connection-limit.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Principal } from '../auth/principal.ts';
import { listening, listenOnSocket } from '../listen.ts';
import { principalOfCertificate } from './certificate.ts';
import type { DockerDeps } from './deps.ts';
import { newDispatcher } from './dispatch.ts';
import { DOCKER_ROUTES } from './routes.ts';

/** Request line and headers together, bytes: `docker build` carries arguments and registry log-ins in them. */
const MAX_HEAD = 256 * 1024;

const OPTIONS: ServerOptions = {
  maxHeaderSize: MAX_HEAD,
  headersTimeout: 20_000,
  connectionsCheckingInterval: 5_000,
  // Builds and uploads take as long as they take; JSON bodies have a limit of their own (json.ts).
  requestTimeout: 0,
  keepAliveTimeout: 75_000,
  // A client that is cut off without a word (a lid that was closed on `logs -f`) is found out by TCP.
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
};

const MAX_CONNECTIONS = 2000;

export type TlsListen = Readonly<{
  host: string;
  port: number;
  /** PEM: the manager's key and certificate, and the CA whose clients are let in. */
  key: string;
  cert: string;
  ca: string;
}>;

export interface DockerEndpoint {
  /**
   * Serves on a unix socket, to whom its file mode lets in: as admin.
   * @param group numeric ID of the group that may use it; root's own otherwise
   * @throws BerthError `conflict` where another process answers on that path
   */
  listenUnix(path: string, group?: number): Promise<void>;
  /**
   * Serves with TLS, to clients with a certificate of the cluster's CA.
   * @returns the port, which matters where 0 was asked for
   * @throws the system's error, such as EADDRINUSE
   */
  listenTls(options: TlsListen): Promise<number>;
  /** The certificate for TLS connections from now on; those that are there stay. */
  setCertificate(options: Pick<TlsListen, 'key' | 'cert' | 'ca'>): void;
  /** Ends every connection. */
  close(): Promise<void>;
}

/**
 * The Docker endpoint: all hosts of the cluster as one Docker Engine.
 * @param maxConnections that it keeps on each of its sockets; see `ConnectionLimit`
 */
export function newDockerEndpoint(deps: DockerDeps, maxConnections = MAX_CONNECTIONS): DockerEndpoint {
  const dispatcher = newDispatcher(deps, DOCKER_ROUTES);
  const servers: (Server | TlsServer)[] = [];
  const tlsServers: TlsServer[] = [];
  /** Also those that were upgraded, which a server forgets. */
  const sockets = new Set<Duplex>();
  const socketPaths: string[] = [];

  function serve(server: Server | TlsServer, who: (req: IncomingMessage) => Principal): void {
    servers.push(server);
    const full = () =>
      deps.logger.warn(
        { maxConnections },
        'all connections of the Docker endpoint are at work: no more are let in',
      );
    new ConnectionLimit(maxConnections, full).watchHttp(server, 'head');
    server.on('request', (req, res) => dispatcher.request(req, res, () => who(req)));
    server.on('upgrade', (req, socket, head) => dispatcher.upgrade(req, socket, head, () => who(req)));
    server.on('connection', keep);
    server.on('secureConnection', keep);
    server.on('clientError', answerClientError);
  }

  function keep(socket: Socket): void {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', (thrown) => deps.logger.debug({ reason: messageOf(thrown) }, 'docker client lost'));
  }

  return {
    async listenUnix(path, group) {
      const server = createServer(OPTIONS);
      serve(server, () => ({ user: 'root', role: 'admin', via: 'socket', from: '' }));
      await listenOnSocket(server, path, group);
      socketPaths.push(path);
    },

    async listenTls({ host, port, key, cert, ca }) {
      const server = createTlsServer(tlsOptions({ key, cert, ca }));
      tlsServers.push(server);
      serve(server, (req) => {
        const socket = req.socket as TLSSocket;
        return principalOfCertificate(deps.store, socket.getPeerCertificate(), socket.remoteAddress ?? '');
      });
      server.on('tlsClientError', (thrown: Error, socket: TLSSocket) => {
        // Neither a handshake that fails nor one that takes too long ends the connection by itself.
        socket.destroy();
        deps.logger.debug({ reason: messageOf(thrown) }, 'TLS handshake with a docker client failed');
      });
      await listening(server, () => server.listen(port, host));
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : port;
    },

    setCertificate({ key, cert, ca }) {
      for (const server of tlsServers) server.setSecureContext({ key, cert, ca, minVersion: 'TLSv1.2' });
    },

    async close() {
      const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
      for (const path of socketPaths) await unlink(path).catch(() => undefined);
    },
  };
}

function tlsOptions(pem: Pick<TlsListen, 'key' | 'cert' | 'ca'>): TlsServerOptions {
  const options = {
    ...OPTIONS,
    ...pem,
    ...{ requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' as const },
    handshakeTimeout: 10_000,
    // A client that has sent its last input still reads (attach, exec). A TLS server takes net.Server's options too.
    allowHalfOpen: true,
  };
  return options;
}

/** What is no HTTP never reaches a route. */
function answerClientError(error: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', `request line and headers are over ${MAX_HEAD} bytes`]
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'the request did not come in time']
        : ['400 Bad Request', 'this is no HTTP request'];
  const body = `${JSON.stringify({ message })}\n`;
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close`;
  socket.end(`${head}\r\n\r\n${body}`);
}
