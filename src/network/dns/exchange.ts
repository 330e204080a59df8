import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { BerthError } from '../../kit/errors.ts';
import { optRecord } from './message.ts';
import { FLAG } from './numbers.ts';
import { TcpFrames, withLength } from './tcp-frames.ts';
import { type Question, type Response, readResponse } from './wire.ts';

export type Server = Readonly<{ address: string; port: number }>;

/** What is asked upstream. `edns` false for servers that do not know it. */
export type Asked = Readonly<{
  question: Question;
  checkingDisabled: boolean;
  dnssecOk: boolean;
  edns: boolean;
}>;

export type Exchanged = Readonly<{ bytes: Buffer; response: Response }>;

/** Asks one server once. The socket, and so its port, and the ID are new and random for each question. */
export type Exchange = (
  server: Server,
  asked: Asked,
  how: Readonly<{ transport: 'udp' | 'tcp'; timeoutMs: number }>,
) => Promise<Exchanged>;

/** @throws BerthError `timeout` where nothing that fits came in time, `unavailable` where the server cannot be reached */
export const exchange: Exchange = (server, asked, { transport, timeoutMs }) => {
  const id = randomInt(0x10000);
  const bytes = encodeQuestion(id, asked);
  const accept = (answer: Buffer): Exchanged | undefined => {
    const response = readResponse(answer);
    return response !== undefined && fits(response, id, asked.question)
      ? { bytes: answer, response }
      : undefined;
  };
  return transport === 'udp'
    ? byUdp(server, bytes, accept, timeoutMs)
    : byTcp(server, bytes, accept, timeoutMs);
};

function encodeQuestion(id: number, { question, checkingDisabled, dnssecOk, edns }: Asked): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(FLAG.RD | (checkingDisabled ? FLAG.CD : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(edns ? 1 : 0, 10);
  return Buffer.concat([header, question.raw, ...(edns ? [optRecord(0, dnssecOk)] : [])]);
}

/** What anybody could send to that port who guesses it: only the answer to this very question counts. */
function fits(response: Response, id: number, { name, type, class: number }: Question): boolean {
  const { question } = response;
  return response.id === id && question.name === name && question.type === type && question.class === number;
}

type Accept = (answer: Buffer) => Exchanged | undefined;

function byUdp({ address, port }: Server, bytes: Buffer, accept: Accept, timeoutMs: number) {
  return new Promise<Exchanged>((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const end = (act: () => void) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      // A late error of a socket that is closed already is nobody's.
      socket.on('error', () => undefined);
      socket.close();
      act();
    };
    const timer = setTimeout(() => end(() => reject(timedOut(address))), timeoutMs);
    socket.once('error', (cause) => end(() => reject(unreachable(address, cause))));
    socket.on('message', (answer) => {
      const found = accept(answer);
      if (found !== undefined) end(() => resolve(found));
    });
    // Connected, the kernel lets nobody else's packets in, and says so where the port is closed.
    // Called with the error where there is no way to that address; `error` is not emitted then.
    socket.connect(port, address, (error?: Error) => {
      if (error !== undefined) end(() => reject(unreachable(address, error)));
      else socket.send(bytes);
    });
  });
}

function byTcp({ address, port }: Server, bytes: Buffer, accept: Accept, timeoutMs: number) {
  return new Promise<Exchanged>((resolve, reject) => {
    const socket = connect({ host: address, port });
    const frames = new TcpFrames();
    const end = (act: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      act();
    };
    const timer = setTimeout(() => end(() => reject(timedOut(address))), timeoutMs);
    socket.on('error', (cause) => end(() => reject(unreachable(address, cause))));
    socket.on('close', () => end(() => reject(unreachable(address))));
    socket.on('data', (chunk) => {
      for (const answer of frames.push(chunk)) {
        const found = accept(answer);
        if (found !== undefined) end(() => resolve(found));
      }
    });
    socket.write(withLength(bytes));
  });
}

function timedOut(address: string): BerthError {
  return new BerthError('timeout', `name server ${address} did not answer in time`);
}

function unreachable(address: string, cause?: unknown): BerthError {
  return new BerthError('unavailable', `name server ${address} cannot be reached`, { cause });
}
