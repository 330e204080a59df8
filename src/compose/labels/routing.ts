import { ROUTE_FIELDS, routeOptionsOf } from '../../model/route-fields.ts';
import type { RouteOptions } from '../../model/route-options.ts';
import type { Listener, Route } from '../../model/service.ts';
import { quoted } from '../problems.ts';
import type { Reader } from '../reader.ts';
import { parseDomain } from './domain.ts';
import type { LabelSet } from './label-set.ts';

const PREFIX = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;
/** RFC 3986, section 3.3, without `;`, which separates routes. */
const PATH = /^\/(?:[A-Za-z0-9._~!$&'()*+,=:@/-]|%[0-9A-Fa-f]{2})*$/;

/** A route with the place that it was read from. */
export type ReadRoute = Readonly<{ route: Route; reader: Reader }>;
export type ReadListener = Readonly<{ listener: Listener; reader: Reader }>;

export function routesOf(labels: LabelSet): ReadRoute[] {
  const sticky = labels.get('routing.session_sticky').boolean ?? true;
  const ports = labels.below('routing.port_').filter(([port]) => !port.includes('.'));
  warnOfLoose(labels, new Set(ports.map(([port]) => port)));
  return ports.flatMap(([port, reader]) => {
    const number = portOf(port, reader);
    if (number === undefined) return [];
    const options = optionsOf(labels, port);
    const texts = (reader.text ?? '').split(';').map((text) => text.trim());
    if (texts.every((text) => text === ''))
      reader.error('names no domain: write www.example.com or a prefix');
    return texts
      .filter((text) => text !== '')
      .flatMap((text) => {
        const made = routeOf(text, number, { sticky, ...options });
        if (typeof made !== 'string') return [{ route: made, reader }];
        reader.error(`${quoted(text)} ${made}`);
        return [];
      });
  });
}

/** Routers know all or nothing: services have no route in common. */
export function weightOf(labels: LabelSet): number {
  const label = labels.get('routing.weight');
  const weight = label.whole(0, 100) ?? 100;
  if (weight > 0 && weight < 100)
    label.warn(
      'changes nothing between 1 and 99, as a route is one service’s alone: use berth.release to share requests between two versions',
    );
  return weight;
}

/** Those of one port, and where it says nothing those of all ports. */
function optionsOf(labels: LabelSet, port: string): Readonly<{ options?: RouteOptions }> {
  const at = (field: string) => {
    const own = labels.get(`routing.port_${port}.${field}`);
    return own.isThere ? own : labels.get(`routing.${field}`);
  };
  const { options, problems } = routeOptionsOf((field) => at(field).text);
  for (const { field, message } of problems) at(field).error(message);
  return Object.keys(options).length === 0 ? {} : { options };
}

/** Rules without a route: a slip in the port, or a domain that was forgotten. */
function warnOfLoose(labels: LabelSet, ports: ReadonlySet<string>): void {
  for (const [name, reader] of labels.below('routing.')) {
    const [, port, field = name] = /^port_([^.]+)\.(.+)$/.exec(name) ?? [];
    if (!(field in ROUTE_FIELDS)) continue;
    if (port === undefined ? ports.size === 0 : !ports.has(port))
      reader.warn(`changes nothing without routing.port_${port ?? 'PORT'}`);
  }
}

function portOf(text: string, reader: Reader): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  return reader.error(`ends in ${quoted(text)}, which is no port of the container: ports are 1 to 65535`);
}

/** A route, or what is wrong with it. */
function routeOf(text: string, port: number, more: Pick<Route, 'sticky' | 'options'>): Route | string {
  const [, scheme = 'http', host = '', path = '/'] = /^(?:([a-z]+):\/\/)?([^/]*)(\/.*)?$/is.exec(text) ?? [];
  const wanted = scheme.toLowerCase();
  if (wanted !== 'http' && wanted !== 'https')
    return `begins with ${quoted(scheme)}: write http:// or https://`;
  if (!PATH.test(path)) return 'has a path with characters that a path cannot have (RFC 3986)';
  if (path.length > 128) return 'has a path of more than 128 characters';
  const base = { kind: 'route', port, path, scheme: wanted, ...more } as const;
  if (!host.includes('.')) {
    if (!PREFIX.test(host)) return 'has a prefix that is none: 1 to 63 letters a to z, digits and -';
    return { ...base, host: { kind: 'prefix', name: host }, scope: 'public' };
  }
  const domain = parseDomain(host);
  if ('problem' in domain) return domain.problem;
  const scope = domain.name.endsWith('.local') ? 'cluster' : 'public';
  return { ...base, host: { kind: 'domain', name: domain.name }, scope };
}

export function listenersOf(labels: LabelSet): ReadListener[] {
  const ports = labels.below('lb.port_').filter(([port]) => !port.includes('.'));
  return ports.flatMap(([port, reader]): ReadListener[] => {
    const number = portOf(port, reader);
    if (number === undefined) return [];
    const text = reader.text ?? '';
    const [, protocol, balancer, front = ''] =
      /^(tcp|http|https|udp):\/\/([A-Za-z0-9_.-]{1,128}):(\d{1,5})$/.exec(text) ?? [];
    const frontPort = Number(front);
    if (protocol === undefined || frontPort < 1 || frontPort > 65_535) {
      reader.error(`${quoted(text)} is no listener: write tcp://NAME:PORT, or http, https or udp`);
      return [];
    }
    const listener: Listener = {
      kind: 'listener',
      protocol: protocol as Listener['protocol'],
      frontPort,
      port: number,
      balancer,
      ...namesOf(labels.get(`lb.port_${port}.names`)),
      ...(labels.get(`lb.port_${port}.proxy_protocol`).boolean === true ? { proxyProtocol: true } : {}),
    };
    return [{ listener, reader }];
  });
}

function namesOf(reader: Reader): Readonly<{ names?: string[] }> {
  if (!reader.isThere) return {};
  const names: string[] = [];
  for (const text of (reader.text ?? '').split(/[\s,]+/)) {
    const domain = parseDomain(text);
    if ('problem' in domain) reader.error(`${quoted(text)} ${domain.problem}`);
    else names.push(domain.name);
  }
  return { names };
}
