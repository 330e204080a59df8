import { BerthError } from '../kit/errors.ts';

export const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** A host port that is asked for or held: one where `from` equals `to`, else any one in that range. */
export type PortNeed = Readonly<{ protocol: Protocol; ip: string; from: number; to: number }>;

/**
 * The host ports of a container: `HostConfig.PortBindings`, or what it exposes where it lives in the host's network
 * (there published ports are ignored by the engine). A binding without a host port takes any free one: no need.
 * @throws BerthError `bad_request` with the value
 */
export function portNeeds(
  bindings: unknown,
  exposed: readonly string[],
  hostNetwork: boolean,
): readonly PortNeed[] {
  if (hostNetwork)
    return exposed.flatMap((spec) => {
      const { from, to, protocol } = containerPorts(spec);
      return Array.from({ length: to - from + 1 }, (_, i) => ({
        protocol,
        ip: '',
        from: from + i,
        to: from + i,
      }));
    });
  for (const spec of exposed) containerPorts(spec);
  if (bindings === null || bindings === undefined) return [];
  if (typeof bindings !== 'object' || Array.isArray(bindings))
    throw new BerthError(
      'bad_request',
      'HostConfig.PortBindings is not an object: write {"80/tcp": [{"HostPort": "8080"}]}',
    );
  const needs: PortNeed[] = [];
  for (const [spec, list] of Object.entries(bindings)) {
    const { protocol } = containerPorts(spec);
    if (list === null) continue;
    if (!Array.isArray(list))
      throw new BerthError(
        'bad_request',
        `HostConfig.PortBindings["${spec}"] is not a list: write [{"HostPort": "8080"}]`,
      );
    for (const binding of list as readonly unknown[]) {
      const need = bindingNeed(binding, protocol);
      if (need !== undefined) needs.push(need);
    }
  }
  return needs;
}

function bindingNeed(binding: unknown, protocol: Protocol): PortNeed | undefined {
  const { HostIp, HostPort } = (typeof binding === 'object' && binding !== null ? binding : {}) as Record<
    string,
    unknown
  >;
  const ip = typeof HostIp === 'string' ? HostIp : '';
  if (HostPort === undefined || HostPort === null || HostPort === '') return undefined;
  const match = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(String(HostPort));
  if (match === null)
    throw new BerthError(
      'bad_request',
      `host port "${String(HostPort)}" is not a port: write 8080, or a range such as 8000-8010`,
    );
  const from = checkedPort(match[1] ?? '', 'host port', 0);
  const to = match[2] === undefined ? from : checkedPort(match[2], 'host port', 0);
  if (to < from)
    throw new BerthError(
      'bad_request',
      `host port range "${String(HostPort)}" runs backwards: write ${to}-${from}`,
    );
  // 0 asks the engine for any free port.
  return to === 0 ? undefined : { protocol, ip, from: Math.max(1, from), to };
}

function containerPorts(spec: string): { from: number; to: number; protocol: Protocol } {
  const [ports = '', name = 'tcp', ...more] = spec.split('/');
  const protocol = PROTOCOLS.find((known) => known === name.toLowerCase());
  const match = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(ports);
  if (match === null || protocol === undefined || more.length > 0)
    throw new BerthError(
      'bad_request',
      `container port "${spec}" is not a port: write 80, 80/tcp, 53/udp or 132/sctp`,
    );
  const from = checkedPort(match[1] ?? '', 'container port', 1);
  const to = match[2] === undefined ? from : checkedPort(match[2], 'container port', 1);
  if (to < from)
    throw new BerthError(
      'bad_request',
      `container port range "${ports}" runs backwards: write ${to}-${from}`,
    );
  return { from, to, protocol };
}

function checkedPort(text: string, what: string, least: number): number {
  const port = Number(text);
  if (port > 65_535 || port < least)
    throw new BerthError(
      'bad_request',
      `${what} ${port} does not exist: write a number from ${least === 0 ? 1 : least} to 65535`,
    );
  return port;
}

/** True where both cannot be bound at once: same address, or one of them is every address of the family. */
export function sameAddress(a: string, b: string): boolean {
  if (a === b || a === '' || b === '') return true;
  if (a.includes(':') !== b.includes(':')) return false;
  return a === '0.0.0.0' || b === '0.0.0.0' || a === '::' || b === '::';
}

/** The ports held on one host: fixed ones by number, and ranges of containers whose port is not known yet. */
export class PortTable {
  private readonly fixed = new Map<number, string[]>();
  private readonly ranges = new Set<PortNeed>();

  add(need: PortNeed): void {
    if (need.from !== need.to) {
      this.ranges.add(need);
      return;
    }
    const key = slot(need.protocol, need.from);
    const ips = this.fixed.get(key);
    if (ips === undefined) this.fixed.set(key, [need.ip]);
    else ips.push(need.ip);
  }

  remove(need: PortNeed): void {
    if (need.from !== need.to) {
      this.ranges.delete(need);
      return;
    }
    const key = slot(need.protocol, need.from);
    const ips = this.fixed.get(key);
    const at = ips?.indexOf(need.ip) ?? -1;
    if (ips === undefined || at < 0) return;
    ips.splice(at, 1);
    if (ips.length === 0) this.fixed.delete(key);
  }

  /** The first of `needs` that cannot be had beside what is held; undefined where all can. */
  missing(needs: readonly PortNeed[]): PortNeed | undefined {
    if (needs.length === 0) return undefined;
    const open: PortNeed[] = [];
    for (const need of needs) {
      if (need.from !== need.to) open.push(need);
      else if (this.taken(need, need.from)) return need;
    }
    if (open.length === 0 && this.ranges.size === 0) return undefined;
    return this.missingInRanges(needs, open);
  }

  /**
   * Gives each range the lowest port that is left, the range that ends first choosing first: where that fails, no other
   * choice would succeed either (unit jobs with deadlines).
   */
  private missingInRanges(needs: readonly PortNeed[], open: readonly PortNeed[]): PortNeed | undefined {
    const given = new PortTable();
    for (const need of needs) if (need.from === need.to) given.add(need);
    const inOrder = [...this.ranges, ...open].sort((a, b) => a.to - b.to);
    for (const range of inOrder) {
      let port = range.from;
      while (port <= range.to && (this.taken(range, port) || given.taken(range, port))) port++;
      if (port > range.to) {
        if (open.includes(range)) return range;
        // A range whose ports went to others before it got one of them is not this request's doing.
        if (this.exhausted(range)) continue;
        return open[0] ?? needs[0];
      }
      given.add({ ...range, from: port, to: port });
    }
    return undefined;
  }

  private exhausted(range: PortNeed): boolean {
    for (let port = range.from; port <= range.to; port++) if (!this.taken(range, port)) return false;
    return true;
  }

  private taken(need: PortNeed, port: number): boolean {
    return this.fixed.get(slot(need.protocol, port))?.some((ip) => sameAddress(ip, need.ip)) ?? false;
  }
}

function slot(protocol: Protocol, port: number): number {
  return port * 4 + PROTOCOLS.indexOf(protocol);
}

/** `8080/tcp`, `8000-8010/tcp`. */
export function rangeText({ from, to, protocol }: PortNeed): string {
  return `${from === to ? from : `${from}-${to}`}/${protocol}`;
}

/** Undefined where it is for every address. */
export function specificIp({ ip }: PortNeed): string | undefined {
  return ip === '' || ip === '0.0.0.0' ? undefined : ip;
}
