import type { IncomingHttpHeaders } from 'node:http';

/** The prefix has browsers refuse it without `Secure`, with a domain, or for another path (RFC 6265bis, 4.1.3.2). */
const NAME = '__Host-berth';

/** A `Set-Cookie` with a session's token; with an empty one, for no time, it takes the cookie away. */
export function pageCookie(token: string, seconds: number): string {
  return cookieText(NAME, token, seconds);
}

function cookieText(name: string, value: string, seconds: number): string {
  return `${name}=${value}; Path=/; Max-Age=${Math.floor(seconds)}; Secure; HttpOnly; SameSite=Strict`;
}

/**
 * What the dashboard's cookie stands for, as a header `Authorization`; undefined where there is none. A cookie is sent by
 * the browser whoever made the request, so it counts only where the page itself has: with a header that no form and no
 * other site can send without being let to (no answer here ever does), and from this very origin.
 */
export function bearerOfPage(headers: IncomingHttpHeaders): string | undefined {
  if (headers['berth-page'] === undefined || !isOwnOrigin(headers)) return undefined;
  const token = cookieOf(headers.cookie, NAME);
  return token === undefined ? undefined : `Bearer ${token}`;
}

/** Its value in a header `Cookie`. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const at = pair.indexOf('=');
    if (pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/** Of a log-in by a provider that is under way. */
export const FLOW_COOKIE = `${NAME}-oidc`;

/** A `Set-Cookie` with what is kept of such a log-in, sealed; empty, for no time, it takes it away. */
export function flowCookie(sealed: string, seconds: number): string {
  return cookieText(FLOW_COOKIE, sealed, seconds);
}

function isOwnOrigin({ origin, host, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  if (site !== undefined && site !== 'same-origin') return false;
  return origin === undefined || origin === `https://${host}`;
}
