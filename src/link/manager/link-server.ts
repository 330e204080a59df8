import { X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import tls, { type Server, type TLSSocket } from 'node:tls';
import { ConnectionLimit } from '../../kit/connection-limit.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { type Logger, silentLogger } from '../../kit/logger.ts';
import { ChannelSession } from '../h2/channel-session.ts';
import { DEFAULT_KEEP_ALIVE, type KeepAlive } from '../h2/keep-alive.ts';
import { ALPN } from '../h2/limits.ts';
import { type CertificateInfo, certificateInfo, isHostCertificate } from '../pki/certificate-info.ts';
import type { KeyPair } from '../pki/x509.ts';
import type { Agents, EngineRequest, EngineResponse, Engines, EngineUpgrade, HostSession } from '../ports.ts';
import type { Admission, Arrival } from './admit-host.ts';
import { askAgent, sendToAgent } from './agent-call.ts';
import { callEngine, upgradeEngine } from './engine-call.ts';
import { HostConnection } from './host-connection.ts';

export type LinkServerOptions = Readonly<{
  server: KeyPair;
  /** The cluster's CA, PEM. */
  ca: string;
  /** Who may come in; see `admitHost`. Called for every connection, after TLS and before its first frame. */
  admit(arrival: Arrival): Admission | Promise<Admission>;
  /** A host's name in the cluster, for errors; undefined where there is no such host. */
  hostName(hostId: string): string | undefined;
  /**
   * Takes over each session that was let in, and sends its first frame: the agent begins with that. `onFrame` must be
   * called for anything to be read.
   */
  onSession(session: HostSession): void;
  keepAlive?: KeepAlive;
  /** Connections that have not shown yet whose they are; when there are more, the oldest of them goes. Default 1000. */
  maxPending?: number;
  logger?: Logger;
}>;

type Connected = Readonly<{ connection: HostConnection; hostName: string; machineId: string }>;

/** The agent port: takes the agents' connections, and reaches the engines of the hosts behind them. */
export class LinkServer implements Engines, Agents {
  private readonly server: Server;
  private readonly logger: Logger;
  private readonly caKey: X509Certificate['publicKey'];
  private readonly hosts = new Map<string, Connected>();
  private readonly open = new Set<HostConnection>();
  private readonly pending: ConnectionLimit;
  private closing = false;

  constructor(private readonly options: LinkServerOptions) {
    this.logger = options.logger ?? silentLogger;
    this.caKey = new X509Certificate(options.ca).publicKey;
    this.server = tls.createServer({
      cert: options.server.certificate,
      key: options.server.key,
      ca: options.ca,
      requestCert: true,
      // Checked below, so that a host whose certificate has ended is told so rather than cut off.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      ALPNProtocols: [ALPN],
      handshakeTimeout: 10_000,
    });
    this.pending = new ConnectionLimit(options.maxPending ?? 1000);
    this.pending.watch(this.server);
    this.server.on('secureConnection', (socket) => this.onSocket(socket));
    this.server.on('tlsClientError', (error, socket) => {
      this.logger.debug({ from: socket.remoteAddress, error: messageOf(error) }, 'no TLS on the agent port');
      // Neither a handshake that fails nor one that takes too long ends the connection by itself.
      socket.destroy();
    });
  }

  /** @throws BerthError `conflict` where the port is taken; `bad_request` where the address is not this machine's */
  listen(port: number, address: string): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      const onError = (cause: NodeJS.ErrnoException) => {
        const code = cause.code === 'EADDRINUSE' ? 'conflict' : 'bad_request';
        const hint = code === 'conflict' ? 'choose another with --agent-listen' : 'see --agent-listen';
        reject(
          new BerthError(code, `cannot listen for agents on ${address}:${port}: ${messageOf(cause)}`, {
            hint,
            cause,
          }),
        );
      };
      this.server.once('error', onError);
      this.server.listen(port, address, () => {
        this.server.off('error', onError);
        this.server.on('error', (error) => this.logger.error({ error: messageOf(error) }, 'agent port'));
        resolve(this.server.address() as AddressInfo);
      });
    });
  }

  /** The certificate for connections from now on; those that are there stay. */
  setCertificate(server: KeyPair): void {
    this.server.setSecureContext({
      cert: server.certificate,
      key: server.key,
      ca: this.options.ca,
      minVersion: 'TLSv1.2',
    });
  }

  /** Ends every connection, telling each agent `reason`. */
  async close(reason = 'the manager is stopping'): Promise<void> {
    this.closing = true;
    for (const connection of this.open) connection.bye(reason);
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  connected(hostId: string): boolean {
    return this.hosts.has(hostId);
  }

  async request(hostId: string, request: EngineRequest): Promise<EngineResponse> {
    const { connection, hostName } = this.reach(hostId);
    return callEngine(connection.target(hostName), request);
  }

  async upgrade(hostId: string, request: EngineRequest): Promise<EngineUpgrade> {
    const { connection, hostName } = this.reach(hostId);
    return upgradeEngine(connection.target(hostName), request);
  }

  async ask(hostId: string, path: string, question: unknown, signal: AbortSignal): Promise<unknown> {
    const { connection, hostName } = this.reach(hostId);
    return askAgent(connection.target(hostName), path, question, signal);
  }

  async send(
    hostId: string,
    path: string,
    question: unknown,
    sent: Readable,
    signal: AbortSignal,
  ): Promise<unknown> {
    const { connection, hostName } = this.reach(hostId);
    return sendToAgent(connection.target(hostName), path, question, sent, signal);
  }

  private reach(hostId: string): Connected {
    const connected = this.hosts.get(hostId);
    if (connected !== undefined) return connected;
    const hostName = this.options.hostName(hostId);
    if (hostName === undefined) throw new BerthError('not_found', `no such host: ${hostId}`);
    throw new BerthError('host_down', `host ${hostName} is not connected`, {
      hint: `look at it with "berth node inspect ${hostName}"`,
    });
  }

  private onSocket(socket: TLSSocket): void {
    socket.on('error', (error) => this.logger.debug({ error: messageOf(error) }, 'agent connection'));
    const from = `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`;
    const certificate = socket.getPeerX509Certificate();
    const info = certificate === undefined ? undefined : certificateInfo(certificate);
    const refusal = this.refusalOf(socket, certificate, info);
    if (info === undefined || refusal?.known === false) {
      this.logger.warn({ from, reason: refusal?.reason }, 'connection to the agent port refused');
      socket.destroy();
      return;
    }
    const connection = new HostConnection(socket, this.options.keepAlive ?? DEFAULT_KEEP_ALIVE);
    this.open.add(connection);
    connection.onEnd(() => this.open.delete(connection));
    this.letIn(connection, info, refusal?.reason).catch((thrown) => {
      this.logger.warn({ from, host: info.commonName, reason: messageOf(thrown) }, 'agent refused');
      connection.bye(messageOf(thrown));
    });
  }

  /** `known`: the cluster's CA has signed it once, so its holder may be told why it is refused. */
  private refusalOf(
    socket: TLSSocket,
    certificate: X509Certificate | undefined,
    info: CertificateInfo | undefined,
  ): Readonly<{ reason: string; known: boolean }> | undefined {
    if (certificate === undefined || info === undefined)
      return { reason: 'it has no certificate', known: false };
    if (socket.alpnProtocol !== ALPN) return { reason: `it does not speak ${ALPN}`, known: false };
    const reason = String(socket.authorizationError);
    if (!socket.authorized) {
      // A date that does not fit hides what else OpenSSL found before it: the signature is checked here again.
      const dated = reason === 'CERT_HAS_EXPIRED' || reason === 'CERT_NOT_YET_VALID';
      if (!dated || !certificate.verify(this.caKey)) {
        return { reason: `its certificate is not of this cluster's CA (${reason})`, known: false };
      }
    }
    if (!isHostCertificate(info)) return { reason: `its certificate is not a host's`, known: false };
    if (socket.authorized) return undefined;
    const span = `from ${new Date(info.notBefore).toISOString()} to ${new Date(info.notAfter).toISOString()}`;
    const todo =
      info.notBefore > Date.now()
        ? `set the manager's clock, e.g. timedatectl set-ntp true`
        : `if the manager's clock is right, remove the host with "berth node rm" and join it again`;
    return {
      reason: `this host's certificate is good ${span} and the manager's clock says ${new Date().toISOString()}: ${todo}`,
      known: true,
    };
  }

  private async letIn(
    connection: HostConnection,
    info: CertificateInfo,
    refusal: string | undefined,
  ): Promise<void> {
    if (refusal !== undefined) throw new BerthError('forbidden', refusal);
    const machineId = await connection.openSession();
    const admission = await this.options.admit({
      ...info,
      machineId,
      remoteAddress: connection.remoteAddress,
    });
    if (!admission.ok) throw new BerthError('forbidden', admission.refusal);
    if (!connection.open || this.closing) return;
    this.pending.release(connection.socket);
    const { hostId, hostName } = admission;
    const older = this.hosts.get(hostId);
    if (older !== undefined && older.machineId !== machineId) {
      throw new BerthError(
        'forbidden',
        `host ${hostName} is connected already, from another machine (${older.connection.remoteAddress}): a data directory was copied; ` +
          'empty it on this machine and join with a token of its own (berth token create)',
      );
    }
    const current: Connected = { connection, hostName, machineId };
    this.hosts.set(hostId, current);
    connection.onEnd((reason) => {
      if (this.hosts.get(hostId) === current) this.hosts.delete(hostId);
      this.logger.info({ host: hostName, from: connection.remoteAddress, reason }, 'agent disconnected');
    });
    older?.connection.bye(`host ${hostName} has connected again from ${connection.remoteAddress}`);
    this.logger.info({ host: hostName, from: connection.remoteAddress }, 'agent connected');
    const session = new ChannelSession(connection.frames, connection.remoteAddress, (reason) =>
      connection.bye(reason),
    );
    this.options.onSession(Object.assign(session, { hostId, hostName, machineId }));
  }
}
