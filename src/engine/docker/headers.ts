/** Headers that belong to one connection and not to the message (RFC 9110, 7.6.1), and HTTP/2's own. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'expect',
]);

/** The headers of a request that are passed on to the engine. */
export function forwardedHeaders(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept: Record<string, string> = { host: 'docker' };
  for (const [name, value] of Object.entries(headers)) {
    if (!HOP_BY_HOP.has(name.toLowerCase()) && !name.startsWith(':')) kept[name] = value;
  }
  return kept;
}
