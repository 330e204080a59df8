import { Duplex } from 'node:stream';
import type { SimulatedContainer } from './container.ts';

/**
 * A raw connection to a container that behaves as `cat`: what is written comes back as standard output in Docker's
 * frames (1 byte stream, 3 zeros, 4 bytes length), and the end of input ends the container where it was asked for.
 */
export function attachedStream(container: SimulatedContainer, exit: () => void): Duplex {
  const stream = new Duplex({
    allowHalfOpen: true,
    read() {},
    write(chunk: Buffer, _encoding, done) {
      const head = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
      head.writeUInt32BE(chunk.length, 4);
      for (const other of container.attached) other.push(Buffer.concat([head, chunk]));
      done();
    },
    final(done) {
      if (container.body.StdinOnce === true) exit();
      done();
    },
    destroy(error, done) {
      container.attached.delete(stream);
      done(error);
    },
  });
  container.attached.add(stream);
  return stream;
}
