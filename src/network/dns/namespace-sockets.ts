import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, Socket as UdpSocket } from 'node:dgram';
import { createServer, Server as TcpServer } from 'node:net';
import { BerthError, messageOf } from '../../kit/errors.ts';

/**
 * Sockets in another network namespace. Node has no `setns`: a child that `nsenter` starts there binds them, hands them over
 * its IPC channel (SCM_RIGHTS) and ends. A socket stays in the namespace where it was made, whoever holds it.
 */
export type NamespaceSockets = Readonly<{ udp: UdpSocket; tcp: TcpServer }>;

export type OpenSockets = (
  namespacePath: string,
  address: string,
  port: number,
  signal: AbortSignal,
) => Promise<NamespaceSockets>;

/** First argument by which the program knows that it is that child; on no command line that people type. */
export const BIND_WORD = '__bind-names';
const TIMEOUT_MS = 15_000;
const MAX_STDERR = 4_096;
/** Connections that wait to be accepted. */
const BACKLOG = 128;

/**
 * @param command argv that starts this program again, to be followed by `BIND_WORD`, address and port
 */
export function socketOpener(command: readonly string[]): OpenSockets {
  return (namespacePath, address, port, signal) =>
    new Promise((resolve, reject) => {
      const argv = [`--net=${namespacePath}`, '--', ...command, BIND_WORD, address, String(port)];
      const child = spawn('nsenter', argv, {
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        killSignal: 'SIGKILL',
      });
      collect(child).then(resolve, (thrown) =>
        reject(
          new BerthError('unavailable', `no socket at ${address} in ${namespacePath}: ${messageOf(thrown)}`),
        ),
      );
    });
}

function collect(child: ChildProcess): Promise<NamespaceSockets> {
  return new Promise((resolve, reject) => {
    let udp: UdpSocket | undefined;
    let tcp: TcpServer | undefined;
    let said = '';
    child.stderr?.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString()).slice(-MAX_STDERR);
    });
    child.on('message', (_, handle) => {
      if (handle instanceof UdpSocket) udp = handle;
      if (handle instanceof TcpServer) tcp = handle;
    });
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure = error;
    });
    // Not before its end: until then it may take packets of the same socket.
    child.once('close', (code) => {
      if (udp !== undefined && tcp !== undefined && code === 0) {
        resolve({ udp, tcp });
        return;
      }
      udp?.close();
      tcp?.close();
      const lines = said.trim().split('\n');
      reject(failure ?? new Error(lines.at(-1) || `the child ended with ${code ?? 'a signal'}`));
    });
  });
}

/** The child's side: binds, hands over, ends the process. */
export async function bindAndHandOver(address: string, port: number): Promise<void> {
  const udp = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    udp.once('error', reject);
    udp.bind({ address, port, exclusive: true }, resolve);
  });
  const tcp = createServer();
  await new Promise<void>((resolve, reject) => {
    tcp.once('error', reject);
    tcp.listen({ host: address, port, backlog: BACKLOG, exclusive: true }, resolve);
  });
  await send('udp', udp);
  await send('tcp', tcp);
  // At once: as long as it lives it reads from the socket as well.
  process.exit(0);
}

function send(what: string, handle: UdpSocket | TcpServer): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) {
      reject(new Error('there is nobody to hand the socket to'));
      return;
    }
    process.send({ what }, handle, {}, (error) => (error === null ? resolve() : reject(error)));
  });
}
