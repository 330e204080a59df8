import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server as TcpServer } from 'node:net';
import { type Answer, encode, type Packet } from 'dns-packet';
import type { Server } from './exchange.ts';
import { TcpFrames, withLength } from './tcp-frames.ts';
import { type Question, readQuery } from './wire.ts';

/** What it answers: records, a whole packet, raw bytes, or nothing at all. */
type Said = readonly Answer[] | Partial<Packet> | Buffer | undefined;

/** A name server on the loopback, UDP and TCP on one port, which answers as it is told and counts what it was asked. */
export class FakeUpstream {
  readonly asked: (Question & { transport: 'udp' | 'tcp'; id: number; edns: boolean; from: number })[] = [];
  private constructor(
    private readonly udp: Socket,
    private readonly tcp: TcpServer,
    readonly server: Server,
  ) {}

  static async start(
    answer: (question: Question, transport: 'udp' | 'tcp', id: number) => Said | Promise<Said>,
  ): Promise<FakeUpstream> {
    const udp = createSocket('udp4');
    const tcp = createServer();
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
    const { port } = tcp.address() as { port: number };
    await new Promise<void>((resolve) => udp.bind(port, '127.0.0.1', resolve));
    const upstream = new FakeUpstream(udp, tcp, { address: '127.0.0.1', port });
    const reply = async (bytes: Buffer, transport: 'udp' | 'tcp', from: number) => {
      const incoming = readQuery(bytes);
      if (incoming.kind !== 'query') return undefined;
      const { question, id, edns } = incoming.query;
      upstream.asked.push({ ...question, transport, id, edns: edns !== undefined, from });
      const said = await answer(question, transport, id);
      if (said === undefined || Buffer.isBuffer(said)) return said;
      const packet = Array.isArray(said) ? { answers: [...said] } : (said as Partial<Packet>);
      const made = encode({ type: 'response', id, flags: 0x180, ...packet, questions: [] });
      const whole = Buffer.concat([made.subarray(0, 12), question.raw, made.subarray(12)]);
      whole.writeUInt16BE(1, 4);
      return whole;
    };
    udp.on('message', async (bytes, { port: to, address }) => {
      const bytesOut = await reply(bytes, 'udp', to);
      if (bytesOut !== undefined) udp.send(bytesOut, to, address);
    });
    tcp.on('connection', (socket) => {
      const frames = new TcpFrames();
      socket.on('error', () => socket.destroy());
      socket.on('data', async (chunk) => {
        for (const bytes of frames.push(chunk)) {
          const bytesOut = await reply(bytes, 'tcp', 0);
          if (bytesOut !== undefined) socket.write(withLength(bytesOut));
        }
      });
    });
    return upstream;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.udp.close(resolve));
    await new Promise((resolve) => this.tcp.close(resolve));
  }
}
