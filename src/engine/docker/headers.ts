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

/**
 * A BuildKit client names each method that it serves in a header line of its own. On the way here they are joined, as
 * HTTP allows; BuildKit does not split them again, and would find none of them (buildkit: session/manager.go).
 */
const ONE_PER_LINE = 'x-docker-expose-session-grpc-method';

/** The headers of a request that are passed on to the engine. */
export function forwardedHeaders(
  headers: Readonly<Record<string, string>> = {},
): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = { host: 'docker' };
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || name.startsWith(':')) continue;
    kept[name] = lower === ONE_PER_LINE ? value.split(/,\s*/) : value;
  }
  return kept;
}
