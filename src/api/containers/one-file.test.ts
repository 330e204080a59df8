import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { oneFileOf } from './one-file.ts';

function head(type: string, size: number | Buffer): Buffer {
  const block = Buffer.alloc(512);
  block.write('name');
  if (typeof size === 'number') block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  else size.copy(block, 124);
  block.write(type, 156);
  return block;
}
const padded = (text: string) =>
  Buffer.concat([Buffer.from(text), Buffer.alloc(512 - (Buffer.byteLength(text) % 512))]);
/** In pieces of any size. */
const tarOf = (bytes: Buffer, piece: number) =>
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
    })(),
    { objectMode: false },
  );
const END = Buffer.alloc(1024);

it.each([1, 100, 512, 5000])(
  'takes the file out of an archive that comes in pieces of %i bytes',
  async (piece) => {
    const tar = tarOf(Buffer.concat([head('0', 5), padded('hello'), END]), piece);
    const { size, body } = await oneFileOf(tar);
    expect([size, String(await buffer(body))]).toEqual([5, 'hello']);
    expect(tar.destroyed).toBe(true);
  },
);

it('reads extended headers, and sizes that have too many digits', async () => {
  const extended = '20 path=long name é\n11 size=6\n';
  const tar = [head('x', Buffer.byteLength(extended)), padded(extended), head('0', 0), padded('hello!'), END];
  const { size, body } = await oneFileOf(tarOf(Buffer.concat(tar), 700));
  expect([size, String(await buffer(body))]).toEqual([6, 'hello!']);
  const field = Buffer.alloc(12);
  field[0] = 0x80;
  field.writeBigUInt64BE(5_000_000_000n, 4);
  const large = await oneFileOf(tarOf(Buffer.concat([head('0', field), padded('x')]), 512));
  expect(large.size).toBe(5_000_000_000);
  // Cut off in the middle: never a whole file.
  await expect(buffer(large.body)).rejects.toThrow('before its end');
});

it('lets the archive go where nobody reads the file', async () => {
  const tar = tarOf(Buffer.concat([head('0', 5), padded('hello'), END]), 512);
  const { body } = await oneFileOf(tar);
  body.destroy();
  await new Promise((resolve) => body.once('close', resolve));
  expect(tar.destroyed).toBe(true);
});

it('refuses what has no file in it', async () => {
  for (const tar of [END, head('5', 0), Buffer.alloc(0), head('x', 2_000_000), head('x', 600)])
    await expect(oneFileOf(tarOf(tar, 512))).rejects.toMatchObject({ code: 'engine' });
});
