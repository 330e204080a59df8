import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, Socket as UdpSocket } from 'node:dgram';
import { createServer, isIPv6, Server as TcpServer } from 'node:net';
import { BerthError, messageOf } from '../kit/errors.ts';

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

/** Opens `count` UDP sockets at an address in a namespace, each at a port of the kernel's choice. */
export type OpenUdpSockets = (
  namespacePath: string,
  address: string,
  count: number,
  signal: AbortSignal,
) => Promise<readonly UdpSocket[]>;

/** What a child is to bind: `port` 0 for any. */
type Wanted = Readonly<{ address: string; port: number; udp: number; tcp: number }>;

/** First argument by which the program knows that it is that child; on no command line that people type. */
export const BIND_WORD = '__bind-sockets';
const TIMEOUT_MS = 15_000;
/** How often a child looks whether its agent is still there. */
const LOOK_MS = 100;
const MAX_STDERR = 4_096;
/** Connections that wait to be accepted. */
const BACKLOG = 128;

/**
 * @param command argv that starts this program again, to be followed by `BIND_WORD` and what it is to bind
 */
export function socketOpener(command: readonly string[]): OpenSockets {
  return async (namespacePath, address, port, signal) => {
    const wanted = { address, port, udp: 1, tcp: 1 };
    const { udp, tcp } = await openIn(namespacePath, command, wanted, signal);
    const [datagrams, server] = [udp[0], tcp[0]];
    if (datagrams === undefined || server === undefined) throw new Error('a socket was not handed over');
    return { udp: datagrams, tcp: server };
  };
}

/** @param command as of `socketOpener` */
export function udpSocketOpener(command: readonly string[]): OpenUdpSockets {
  return async (namespacePath, address, count, signal) =>
    (await openIn(namespacePath, command, { address, port: 0, udp: count, tcp: 0 }, signal)).udp;
}

type Opened = Readonly<{ udp: UdpSocket[]; tcp: TcpServer[] }>;

function openIn(
  namespacePath: string,
  command: readonly string[],
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const { address, port, udp, tcp } = wanted;
    const numbers = [port, udp, tcp].map(String);
    const argv = [`--net=${namespacePath}`, '--', ...command, BIND_WORD, address, ...numbers];
    const child = spawn('nsenter', argv, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      killSignal: 'SIGKILL',
    });
    collect(child, wanted).then(resolve, (thrown) =>
      reject(
        new BerthError('unavailable', `no socket at ${address} in ${namespacePath}: ${messageOf(thrown)}`),
      ),
    );
  });
}

function collect(child: ChildProcess, wanted: Wanted): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const udp: UdpSocket[] = [];
    const tcp: TcpServer[] = [];
    let said = '';
    let over = false;
    child.stderr?.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString()).slice(-MAX_STDERR);
    });
    child.on('message', (_, handle) => {
      // Nobody would ever close it, and the next attempt would find the port in use.
      if (over && (handle instanceof UdpSocket || handle instanceof TcpServer)) handle.close();
      if (over) return;
      if (handle instanceof UdpSocket) udp.push(handle);
      if (handle instanceof TcpServer) tcp.push(handle);
    });
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure = error;
    });
    // Not before its end: until then it may take packets of the same socket.
    child.once('close', (code) => {
      over = true;
      if (udp.length === wanted.udp && tcp.length === wanted.tcp && code === 0) {
        resolve({ udp, tcp });
        return;
      }
      for (const socket of [...udp, ...tcp]) socket.close();
      const lines = said.trim().split('\n');
      reject(failure ?? new Error(lines.at(-1) || `the child ended with ${code ?? 'a signal'}`));
    });
  });
}

/**
 * The child's side: binds, hands over, ends the process.
 * @param args what `openIn` has put behind `BIND_WORD`
 */
export async function bindAndHandOver(args: readonly string[]): Promise<void> {
  const [address = '', ...numbers] = args;
  const [port = 0, udp = 0, tcp = 0] = numbers.map(Number);
  // Without an agent nobody takes them, and the ports would stay in use as long as this process lives. Node closes the channel
  // then, but tells of no `disconnect` and calls nobody back while the other side has yet to confirm a handle.
  setInterval(() => {
    if (!process.connected) process.exit(1);
  }, LOOK_MS);
  const sockets = await Promise.all(Array.from({ length: udp }, () => boundUdp(address, port)));
  const servers = await Promise.all(Array.from({ length: tcp }, () => boundTcp(address, port)));
  for (const socket of [...sockets, ...servers]) await handOver(socket);
  // At once: as long as it lives it reads from the sockets as well.
  process.exit(0);
}

async function boundUdp(address: string, port: number): Promise<UdpSocket> {
  const udp = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  await new Promise<void>((resolve, reject) => {
    udp.once('error', reject);
    udp.bind({ address, port, exclusive: true }, resolve);
  });
  return udp;
}

async function boundTcp(address: string, port: number): Promise<TcpServer> {
  const tcp = createServer();
  await new Promise<void>((resolve, reject) => {
    tcp.once('error', reject);
    tcp.listen({ host: address, port, backlog: BACKLOG, exclusive: true }, resolve);
  });
  return tcp;
}

function handOver(handle: UdpSocket | TcpServer): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) {
      reject(new Error('there is nobody to hand the socket to'));
      return;
    }
    process.send({}, handle, {}, (error) => (error === null ? resolve() : reject(error)));
  });
}
