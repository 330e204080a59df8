import { unlink } from 'node:fs/promises';
import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { ConnectionLimit } from '../../kit/connection-limit.ts';
import { messageOf } from '../../kit/errors.ts';
import { listening, listenOnSocket } from '../listen.ts';
import type { ApiDeps } from './deps.ts';
import { newApi } from './server.ts';

/** Slow senders are given up; answers (events, the agent's executable) take as long as they take. Milliseconds. */
const OPTIONS: ServerOptions = {
  maxHeaderSize: 32 * 1024,
  headersTimeout: 20_000,
  // How often it is looked at.
  connectionsCheckingInterval: 5_000,
  // Files come for as long as they come; every body has a limit of its own (api/body.ts).
  requestTimeout: 0,
  keepAliveTimeout: 60_000,
  // A client that is cut off without a word is found out by TCP.
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
};
const MAX_CONNECTIONS = 2000;

export type ApiTlsListen = Readonly<{
  host: string;
  port: number;
  /** PEM: the manager's key and certificate. */
  key: string;
  cert: string;
}>;

export interface ApiEndpoint {
  /**
   * Serves on a unix socket, to whom its file mode lets in: as admin.
   * @param group numeric ID of the group that may use it; root's own otherwise
   * @throws BerthError `conflict` where another process answers on that path
   */
  listenUnix(path: string, group?: number): Promise<void>;
  /**
   * Serves with TLS, to callers with a token.
   * @returns the port, which matters where 0 was asked for
   * @throws the system's error, such as EADDRINUSE
   */
  listenTls(options: ApiTlsListen): Promise<number>;
  /** The certificate for TLS connections from now on; those that are there stay. */
  setCertificate(options: Pick<ApiTlsListen, 'key' | 'cert'>): void;
  /** Ends every connection. */
  close(): Promise<void>;
}

/**
 * The API on its servers.
 * @param maxConnections that it keeps on each of its sockets; see `ConnectionLimit`
 */
export async function newApiEndpoint(deps: ApiDeps, maxConnections = MAX_CONNECTIONS): Promise<ApiEndpoint> {
  const limits: ConnectionLimit[] = [];
  const api = await newApi(deps, (req, res) => {
    for (const limit of limits) limit.admit(req, res);
  });
  const servers: Server[] = [];
  const tlsServers: TlsServer[] = [];
  const sockets = new Set<Socket>();
  const socketPaths: string[] = [];

  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', (thrown) => deps.logger.debug({ reason: messageOf(thrown) }, 'api client lost'));
  };
  const add = (server: Server): Server => {
    const full = () =>
      deps.logger.warn({ maxConnections }, 'all connections of the API are at work: no more are let in');
    const limit = new ConnectionLimit(maxConnections, full);
    limit.watchHttp(server, 'whole');
    limits.push(limit);
    server.on('connection', keep);
    servers.push(server);
    return server;
  };

  return {
    async listenUnix(path, group) {
      await listenOnSocket(add(createServer(OPTIONS, api.socket)), path, group);
      socketPaths.push(path);
    },

    async listenTls({ host, port, key, cert }) {
      const server = createTlsServer(
        { ...OPTIONS, key, cert, minVersion: 'TLSv1.2', handshakeTimeout: 10_000 },
        api.https,
      );
      server.on('upgrade', api.upgrade);
      tlsServers.push(server);
      add(server);
      server.on('tlsClientError', (thrown: Error, socket: TLSSocket) => {
        socket.destroy();
        deps.logger.debug({ reason: messageOf(thrown) }, 'TLS handshake with an api client failed');
      });
      await listening(server, () => server.listen(port, host));
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : port;
    },

    setCertificate({ key, cert }) {
      for (const server of tlsServers) server.setSecureContext({ key, cert, minVersion: 'TLSv1.2' });
    },

    async close() {
      await api.close();
      const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
      for (const path of socketPaths) await unlink(path).catch(() => undefined);
    },
  };
}
