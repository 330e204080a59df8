import type { Readable } from 'node:stream';
import { BerthError } from '../../kit/errors.ts';

/** @throws BerthError `too_large` */
export async function readWhole(stream: Readable, limit: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > limit) throw new BerthError('too_large', `the body is longer than ${limit} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, length);
}

/**
 * The first `count` bytes; what follows stays in the stream.
 * @throws BerthError `bad_request` where it ends before
 */
export function readFirst(stream: Readable, count: number): Promise<Uint8Array> {
  if (count === 0) return Promise.resolve(new Uint8Array());
  return new Promise((resolve, reject) => {
    const done = (act: () => void) => {
      stream.off('readable', onReadable);
      stream.off('end', onEnd);
      stream.off('close', onEnd);
      stream.off('error', onError);
      act();
    };
    const onReadable = () => {
      const bytes = stream.read(count) as Buffer | null;
      if (bytes === null) return;
      if (bytes.length < count) onEnd();
      else done(() => resolve(bytes));
    };
    const onEnd = () =>
      done(() => reject(new BerthError('bad_request', `the body ended before its ${count} bytes`)));
    const onError = (error: Error) => done(() => reject(error));
    stream.on('readable', onReadable);
    stream.once('end', onEnd);
    stream.once('close', onEnd);
    stream.once('error', onError);
  });
}
