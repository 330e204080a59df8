import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { BerthError } from '../../kit/errors.ts';
import { Gathered } from '../body.ts';
import { MAX_JSON, parseJson } from './json.ts';

/** An upgrade's options are one chunk, or a few: each is tried as JSON, which many would make slow. */
const MAX_CHUNKS = 64;
/** Digits of a chunk's length, and extensions that nobody sends. */
const MAX_CHUNK_HEAD = 1024;
/** How long the body before an upgrade may take (milliseconds). */
const BODY_MS = 30_000;

/**
 * The JSON body of a request that asks to upgrade (`POST /exec/x/start` with `Upgrade: tcp`): Node's parser leaves the
 * connection after the head, so the body is read from the raw socket here. What follows it stays in the socket, for
 * whoever reads next.
 * @throws BerthError as `readJson`
 */
export async function readRawJson(req: IncomingMessage, socket: Duplex): Promise<unknown> {
  const type = req.headers['content-type'];
  if (req.headers['transfer-encoding'] !== undefined) return readChunkedJson(socket, type);
  const length = Number(req.headers['content-length'] ?? 0);
  if (length > MAX_JSON)
    throw new BerthError('too_large', `the body is over ${MAX_JSON} bytes, the limit for JSON`);
  if (length === 0) return undefined;
  return parseJson(await readRaw(socket, length), type);
}

/**
 * Takes the body of a request out of the raw socket where one is declared and means nothing: dockerode sends its
 * options with `POST /containers/x/attach`, and they are no input of the container.
 * @throws BerthError `too_large`; `bad_request` where it ends before its length
 */
export async function dropRawBody(req: IncomingMessage, socket: Duplex): Promise<void> {
  const length = Number(req.headers['content-length'] ?? 0);
  if (length > MAX_JSON)
    throw new BerthError('too_large', `the body is over ${MAX_JSON} bytes, the limit for JSON`);
  if (length > 0) await readRaw(socket, length);
}

/** The next `length` bytes; what follows stays in the socket. */
async function readRaw(socket: Duplex, length: number): Promise<Buffer> {
  const gathered = new Gathered();
  await readUntil(socket, (part) => {
    gathered.add(part);
    return gathered.length >= length ? gathered.bytes.subarray(length) : undefined;
  });
  return gathered.bytes.subarray(0, length);
}

/**
 * Some clients (dockerode) send the options in one chunk and keep the chunked body open: the value counts as whole
 * with the first chunk after which it parses, as with the engine's own streaming decoder.
 */
async function readChunkedJson(socket: Duplex, type: string | undefined): Promise<unknown> {
  let gathered = new Gathered();
  let body = Buffer.alloc(0);
  let chunks = 0;
  await readUntil(socket, (part) => {
    gathered.add(part);
    let raw = gathered.bytes;
    if (raw.length + body.length > 2 * MAX_JSON) {
      throw new BerthError('too_large', `the body is over ${MAX_JSON} bytes, the limit for JSON`);
    }
    for (;;) {
      const line = raw.indexOf('\r\n');
      if (line < 0 && raw.length <= MAX_CHUNK_HEAD) return undefined;
      const digits = raw.subarray(0, Math.max(line, 0)).toString('latin1').split(';')[0]?.trim() ?? '';
      if (!/^[0-9a-f]{1,7}$/i.test(digits))
        throw new BerthError('bad_request', 'malformed chunk in the body');
      const size = Number.parseInt(digits, 16);
      const end = line + 2 + size + 2;
      if (raw.length < end) return undefined;
      body = Buffer.concat([body, raw.subarray(line + 2, line + 2 + size)]);
      raw = raw.subarray(end);
      gathered = new Gathered();
      gathered.add(raw);
      if (++chunks > MAX_CHUNKS)
        throw new BerthError('too_large', `the body is in more than ${MAX_CHUNKS} chunks: send it in one`);
      if (size === 0 || isJson(body)) return raw;
    }
  });
  return parseJson(body, type);
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

/** Feeds `take` until it returns what it did not need, which goes back into the socket. */
function readUntil(socket: Duplex, take: (part: Buffer) => Buffer | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => fail(new BerthError('timeout', 'the body did not come within 30 s')),
      BODY_MS,
    );
    function onData(part: Buffer) {
      let rest: Buffer | undefined;
      try {
        rest = take(part);
      } catch (thrown) {
        fail(thrown);
        return;
      }
      if (rest === undefined) return;
      done();
      socket.pause();
      if (rest.length > 0) socket.unshift(rest);
      resolve();
    }
    function onEnd() {
      fail(new BerthError('bad_request', 'the connection was closed before the whole body had come'));
    }
    function fail(error: unknown) {
      done();
      reject(error);
    }
    function done() {
      clearTimeout(timer);
      socket.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onEnd);
    }
    socket.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onEnd);
  });
}
