import type { IncomingHttpHeaders } from 'node:http';

/**
 * Of one connection only (RFC 9110, 7.6.1), or forbidden in HTTP/2 (RFC 9113, 8.2.2). `expect` was answered by who
 * took the request in; `host` is the engine client's to write.
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'host',
  'http2-settings',
]);

/** Headers that the link itself puts on; neither a client nor an engine may speak them. */
const OWN = 'berth-';

type Headers = Readonly<Record<string, string | readonly string[] | number | undefined>>;

/** What may travel of a request's or an answer's headers: names in lower case, nothing of one hop, nothing of ours. */
export function endToEnd(headers: Headers): Record<string, string | string[]> {
  const named = String(headers.connection ?? headers.Connection ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  const kept: Record<string, string | string[]> = {};
  for (const [key, value] of Object.entries(headers)) {
    const name = key.toLowerCase();
    if (value === undefined || name.startsWith(':') || name.startsWith(OWN)) continue;
    if (HOP_BY_HOP.has(name) || named.includes(name)) continue;
    kept[name] = typeof value === 'object' ? [...value] : String(value);
  }
  return kept;
}

/** As `endToEnd`, with several values of one header joined: for a request to an engine. */
export function requestHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    Object.entries(endToEnd(headers)).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : value.join(', '),
    ]),
  );
}

export function responseHeaders(headers: Headers): IncomingHttpHeaders {
  return endToEnd(headers) as IncomingHttpHeaders;
}

/** True where an answer has no body, whatever its headers say (RFC 9110, 6.4.1). */
export function isBodiless(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 205 || status === 304;
}
