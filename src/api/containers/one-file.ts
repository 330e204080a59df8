import { Readable } from 'node:stream';
import { BerthError } from '../../kit/errors.ts';

/** A tar is made of blocks of so many bytes (POSIX.1-2024, pax: "ustar Interchange Format"). */
const BLOCK = 512;
/** Longest extended header that is read, bytes. */
const MOST_EXTENDED = 1024 * 1024;

/**
 * The one file of an engine's archive of a file.
 * @param tar is destroyed with what is returned
 * @throws BerthError `engine` where there is no file in it
 */
export async function oneFileOf(tar: Readable): Promise<Readonly<{ size: number; body: Readable }>> {
  const source = new Blocks(tar);
  try {
    let size: number | undefined;
    for (;;) {
      const head = await source.take(BLOCK);
      if (head === undefined || head.every((byte) => byte === 0)) throw noFile();
      const type = String.fromCharCode(head[156] ?? 0);
      const own = numberOf(head.subarray(124, 136));
      if (type === '0' || type === '\0') {
        const length = size ?? own;
        const body = Readable.from(source.bytes(length), { objectMode: false });
        // Also where nobody has begun to read it.
        body.once('close', () => tar.destroy());
        return { size: length, body };
      }
      // Extended headers stand before what they are of; of other kinds nothing is wanted.
      if (!'xgLK'.includes(type) || own > MOST_EXTENDED) throw noFile();
      const content = await source.take(Math.ceil(own / BLOCK) * BLOCK);
      if (content === undefined) throw noFile();
      if (type === 'x') size = sizeIn(content.subarray(0, own)) ?? size;
    }
  } catch (thrown) {
    tar.destroy();
    throw thrown;
  }
}

class Blocks {
  private readonly parts: AsyncIterator<Buffer>;
  private rest: Buffer = Buffer.alloc(0);

  constructor(tar: Readable) {
    this.parts = (tar as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  /** Undefined where there are not so many. */
  async take(length: number): Promise<Buffer | undefined> {
    while (this.rest.length < length) {
      const { value, done } = await this.parts.next();
      if (done === true) return undefined;
      this.rest = Buffer.concat([this.rest, value]);
    }
    const taken = this.rest.subarray(0, length);
    this.rest = this.rest.subarray(length);
    return taken;
  }

  async *bytes(length: number): AsyncGenerator<Buffer> {
    let left = length;
    while (left > 0) {
      if (this.rest.length === 0) {
        const { value, done } = await this.parts.next();
        if (done === true)
          throw new BerthError('engine', 'the engine ended the file before its end', { status: 502 });
        this.rest = value;
      }
      const part = this.rest.subarray(0, left);
      this.rest = this.rest.subarray(part.length);
      left -= part.length;
      if (part.length > 0) yield part;
    }
  }
}

/** Octal digits or, of 8 GiB and more, the number itself behind a first byte of 0x80 (GNU tar). */
function numberOf(field: Buffer): number {
  if (field[0] === 0x80) return Number(field.readBigUInt64BE(4));
  return Number.parseInt(field.toString('latin1').replace(/[\0 ].*$/s, '') || '0', 8);
}

/** `LENGTH size=NUMBER\n` of an extended header. */
function sizeIn(content: Buffer): number | undefined {
  const found = /(?:^|\n)\d+ size=(\d+)\n/.exec(content.toString('latin1'))?.[1];
  return found === undefined ? undefined : Number(found);
}

function noFile(): BerthError {
  return new BerthError('engine', 'the engine’s archive has no file in it', { status: 502 });
}
