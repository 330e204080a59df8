/** One port of a service as a file says it; `published` is empty, a port, or a range to choose from. */
export type PortMapping = Readonly<{ hostIp: string; published: string; target: number; protocol: string }>;

const MOST_PORTS = 1000;

/**
 * `[[IP:]HOST:]CONTAINER[/PROTOCOL]`, ports also as ranges (compose-spec, services/ports, short syntax).
 * @returns one mapping a port, or what is wrong in a sentence
 */
export function parsePorts(text: string): readonly PortMapping[] | string {
  const found = /^(?:(?:(\[[^\]]+\]|[\d.]+):)?(\d*(?:-\d+)?):)?(\d+(?:-\d+)?)(?:\/(\w+))?$/.exec(text);
  if (found === null) return 'is no port: write 80, 8080:80, 127.0.0.1:8080:80/tcp or 8000-8010:8000-8010';
  const [, ip = '', hostText = '', containerText = '', protocol = 'tcp'] = found;
  if (!['tcp', 'udp', 'sctp'].includes(protocol.toLowerCase()))
    return `has the protocol ${protocol}: it is tcp, udp or sctp`;
  const inside = portRange(containerText);
  if (typeof inside === 'string') return inside;
  const outside = hostText === '' ? undefined : portRange(hostText);
  if (typeof outside === 'string') return outside;
  const hostIp = ip.replace(/^\[|\]$/g, '');
  const mapping = (target: number, published: string): PortMapping => ({
    hostIp,
    published,
    target,
    protocol: protocol.toLowerCase(),
  });
  if (outside === undefined) return inside.map((target) => mapping(target, ''));
  if (inside.length === 1 && outside.length > 1) return [mapping(inside[0] as number, hostText)];
  if (inside.length !== outside.length)
    return `maps ${outside.length} ports of the host to ${inside.length} of the container: both need the same number`;
  return inside.map((target, i) => mapping(target, String(outside[i])));
}

/** All ports of `80` or `8000-8010`, or what is wrong. */
export function portRange(text: string): number[] | string {
  const [first = '', last = first] = text.split('-');
  const [from, to] = [Number(first), Number(last)];
  for (const port of [from, to])
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      return `has the port ${port}: ports are 1 to 65535`;
  if (to < from) return `has the range ${text}, which runs backwards: write the smaller port first`;
  if (to - from >= MOST_PORTS)
    return `has a range of ${to - from + 1} ports: at most ${MOST_PORTS} are possible`;
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
