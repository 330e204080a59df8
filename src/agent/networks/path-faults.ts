import { say } from '../../model/said/index.ts';
import type { Seen, Tunnel } from '../../network/index.ts';

/** What is wrong with a data path, and to be told where it is another one than before. */
export type PathFault = Readonly<{ kind: string; reason: string }>;

const PORT = { clear: 'UDP 4789', encrypted: say('hosts.path.port') } as const;
const TUNNEL = { clear: 'VXLAN', encrypted: say('hosts.path.tunnel') } as const;

/** Of a look by TCP that nothing answered, within `ms` milliseconds. */
export function silent(ms: number, everAnswered: boolean): PathFault {
  const seconds = ms / 1000;
  const reason = everAnswered ? say('hosts.path.late', { seconds }) : say('hosts.path.never', { seconds });
  return { kind: 'silent', reason };
}

/**
 * Of a look through a tunnel.
 * @param answersTcp whether the machine answers at all
 */
export function tunnelFault(
  tunnel: Tunnel,
  seen: Exclude<Seen, { ms: number }>,
  ms: number,
  answersTcp: boolean,
): PathFault {
  const way = { tunnel: TUNNEL[tunnel], port: PORT[tunnel] };
  if (seen.fault === 'size') {
    const what = say('hosts.path.size', { n: seen.bytes, tunnel: way.tunnel });
    return { kind: `size ${tunnel}`, reason: `${what}; ${say('hosts.path.size.hint')}` };
  }
  if (seen.fault === 'family') return { kind: 'family', reason: say('hosts.path.family') };
  if (answersTcp) return { kind: `dropped ${tunnel}`, reason: say('hosts.path.dropped', way) };
  return { kind: 'silent', reason: say('hosts.path.nothing', { ...way, seconds: ms / 1000 }) };
}
