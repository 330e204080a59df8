import { BerthError } from '../kit/errors.ts';
import type { Balancer, BalancerListen, BalancerTarget } from '../model/balancer.ts';
import { normalIp } from '../model/ip.ts';

/**
 * `web:80`, `192.0.2.1:80`, `[2001:db8::1]:80`, `dns:crm.example.com:80`.
 * @throws BerthError `bad_request`
 */
export function parseTarget(text: string, weight: number): BalancerTarget {
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (host === '')
    throw new BerthError(
      'bad_request',
      `"${text}" is no target: write CONTAINER:PORT, ADDRESS:PORT or dns:NAME:PORT`,
    );
  const address = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  const at = { port: portOf(port, text), weight };
  if (normalIp(address) !== undefined) return { kind: 'address', address, ...at };
  if (host.startsWith('dns:')) return { kind: 'name', host: host.slice(4).toLowerCase(), ...at };
  return { kind: 'container', name: host, ...at };
}

/**
 * `shop.example.com/api`, `:5432`.
 * @param names of TLS, of a port
 * @throws BerthError `bad_request`
 */
export function parseListen(text: string, names: readonly string[]): BalancerListen {
  const [, port] = /^:(\d{1,5})$/.exec(text) ?? [];
  if (port !== undefined)
    return { kind: 'tcp', port: portOf(port, text), names: names.map((name) => name.toLowerCase()) };
  if (names.length > 0)
    throw new BerthError('bad_request', '--tls-name goes with a port, and not with a domain', {
      hint: 'write the port as :8443',
    });
  const [, domain = '', path = '/'] = /^(?:https?:\/\/)?([^/]+)(\/.*)?$/.exec(text) ?? [];
  return {
    kind: 'http',
    domain: domain.toLowerCase(),
    path: path.length > 1 ? path.replace(/\/$/, '') : path,
  };
}

/**
 * `tcp`, `http:/PATH`, or `none`.
 * @throws BerthError `bad_request`
 */
export function parseCheck(text: string): Balancer['check'] | null {
  if (text === 'none') return null;
  if (text === 'tcp') return { kind: 'tcp' };
  if (text.startsWith('http:/')) return { kind: 'http', path: text.slice('http:'.length) };
  throw new BerthError('bad_request', `"${text}" is none of tcp, http:/PATH and none`);
}

function portOf(port: string, text: string): number {
  const number = Number(port);
  if (number >= 1 && number <= 65_535) return number;
  throw new BerthError('bad_request', `"${text}" has the port ${port}: ports are 1 to 65535`);
}
