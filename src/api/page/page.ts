import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative } from 'node:path';

/** Serves the dashboard from memory. */
export interface Page {
  /** False where this is no request for a page: then it is the API's. */
  answer(req: IncomingMessage, res: ServerResponse): boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
/** What the build has packed, best first. */
const PACKINGS = [
  { encoding: 'br', suffix: '.br' },
  { encoding: 'gzip', suffix: '.gz' },
] as const;
/** The build puts a hash of what is in them into their names. */
const HASHED = '/assets/';
const INDEX = '/index.html';
/** Stands in the index where each answer has a number of its own, by which styles that the page makes itself are let in. */
const NONCE = '__STYLE_NONCE__';

const HEADERS: Readonly<Record<string, string>> = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

type File = Readonly<{ type: string; etag: string; bytes: Buffer; packed: ReadonlyMap<string, Buffer> }>;

/** @param folder as `scripts/build-dashboard.mjs` fills it; undefined where it is not there */
export function openPage(folder: string): Page | undefined {
  const files = readFiles(folder);
  const index = files.get(INDEX)?.bytes.toString('utf8');
  if (index === undefined) return undefined;
  return {
    answer(req, res) {
      const path = (req.url ?? '').split('?')[0] ?? '';
      // HTTP/0.9 has no headers: no browser asks so, and the API refuses it.
      const isRead = (req.method === 'GET' || req.method === 'HEAD') && req.httpVersionMajor >= 1;
      if (!isRead || isApi(path)) return false;
      const file = path === INDEX ? undefined : files.get(path);
      if (file !== undefined) sendFile(req, res, file, path.startsWith(HASHED));
      else if (path === '/' || path === INDEX || isNavigation(req)) sendIndex(req, res, index);
      else return false;
      return true;
    },
  };
}

/** What the API has outside of its own folder, a browser gets from it, too: words, and no page that knows nothing of it. */
function isApi(path: string): boolean {
  return path === '/v1' || path.startsWith('/v1/') || /^\/metrics\/?$/.test(path);
}

/**
 * A person's browser that opens an address. Everything else that is not there is told so by the API: clients of Docker that
 * were given the wrong port must not get a page, and neither may a script of an older page that is not there any more.
 */
function isNavigation({ headers, url = '' }: IncomingMessage): boolean {
  return headers.accept?.includes('text/html') === true && !url.startsWith(HASHED) && !/^\/v\d/.test(url);
}

function sendIndex(req: IncomingMessage, res: ServerResponse, index: string): void {
  const nonce = randomBytes(16).toString('base64');
  const body = Buffer.from(index.replaceAll(NONCE, nonce));
  res.writeHead(200, {
    ...HEADERS,
    'cache-control': 'no-store',
    'content-security-policy': policy(nonce),
    'content-type': TYPES['.html'],
    'content-length': body.length,
  });
  res.end(req.method === 'HEAD' ? undefined : body);
}

/** Scripts are this origin's files alone, and it talks to nobody else (CSP Level 3). */
function policy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function sendFile(req: IncomingMessage, res: ServerResponse, file: File, hashed: boolean): void {
  const headers = {
    ...HEADERS,
    'cache-control': hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'content-type': file.type,
    etag: file.etag,
    vary: 'accept-encoding',
  };
  if (req.headers['if-none-match'] === file.etag) {
    res.writeHead(304, headers).end();
    return;
  }
  const accepted = String(req.headers['accept-encoding'] ?? '').split(/\s*,\s*/);
  const found = PACKINGS.find(({ encoding }) => accepted.includes(encoding) && file.packed.has(encoding));
  const body = found === undefined ? file.bytes : (file.packed.get(found.encoding) ?? file.bytes);
  res.writeHead(200, {
    ...headers,
    ...(found === undefined ? {} : { 'content-encoding': found.encoding }),
    'content-length': body.length,
  });
  res.end(req.method === 'HEAD' ? undefined : body);
}

function readFiles(folder: string): ReadonlyMap<string, File> {
  const read = new Map<string, Buffer>();
  for (const path of filesIn(folder)) read.set(`/${relative(folder, path)}`, readFileSync(path));
  const files = new Map<string, File>();
  for (const [path, bytes] of read) {
    const type = TYPES[extname(path)];
    if (type === undefined) continue;
    const packed = new Map<string, Buffer>();
    for (const { encoding, suffix } of PACKINGS) {
      const small = read.get(path + suffix);
      if (small !== undefined) packed.set(encoding, small);
    }
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
    files.set(path, { type, etag, bytes, packed });
  }
  return files;
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return [];
    throw thrown;
  }
}
