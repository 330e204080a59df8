/** A file of text in an archive. */
export type TarFile = Readonly<{ path: string; text: string; mode: number }>;

const BLOCK = 512;
const encoder = new TextEncoder();

/**
 * An archive as `tar` reads it (POSIX.1-1988, ustar). Paths of up to 100 bytes.
 * @param at seconds since the epoch
 */
export function tarOf(files: readonly TarFile[], at: number): Uint8Array<ArrayBuffer> {
  const parts = files.flatMap(({ path, text, mode }) => {
    const body = encoder.encode(text);
    const padded = new Uint8Array(Math.ceil(body.length / BLOCK) * BLOCK);
    padded.set(body);
    return [headerOf(path, body.length, mode, at), padded];
  });
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0) + 2 * BLOCK);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function headerOf(path: string, size: number, mode: number, at: number): Uint8Array {
  const header = new Uint8Array(BLOCK);
  const put = (offset: number, text: string) => header.set(encoder.encode(text), offset);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  put(0, path);
  put(100, octal(mode, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(size, 11));
  put(136, octal(at, 11));
  // The sum is made with spaces in its own place.
  put(148, '        ');
  put(156, '0');
  put(257, 'ustar\u000000');
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return header;
}
