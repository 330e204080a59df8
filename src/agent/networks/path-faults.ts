import type { Seen, Tunnel } from '../../network/index.ts';

/** What is wrong with a data path, and to be told where it is another one than before. */
export type PathFault = Readonly<{ kind: string; reason: string }>;

const PORT = { clear: 'UDP 4789', encrypted: 'ESP (IP protocol 50)' } as const;
const TUNNEL = { clear: 'VXLAN', encrypted: 'encrypted VXLAN' } as const;

/** Of a look by TCP that nothing answered, within `ms` milliseconds. */
export function silent(ms: number, everAnswered: boolean): PathFault {
  const within = `no answer within ${ms / 1000} s`;
  const never = `${within}, and never one before: VXLAN needs UDP 4789 between the two, and this look TCP 4789`;
  return { kind: 'silent', reason: everAnswered ? within : never };
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
  if (seen.fault === 'size')
    return {
      kind: `size ${tunnel}`,
      reason: `packets of full size (${seen.bytes} bytes) do not get through ${TUNNEL[tunnel]}, small ones do: something on the way has a smaller MTU; raise that, or make the networks anew with a smaller --opt mtu`,
    };
  if (seen.fault === 'family')
    return {
      kind: 'family',
      reason:
        'VXLAN goes between addresses of one family, and one of the two hosts has an IPv4 data address, the other an IPv6 one: start one of their agents with another --data-addr',
    };
  if (answersTcp)
    return {
      kind: `dropped ${tunnel}`,
      reason: `its machine answers, but ${TUNNEL[tunnel]} does not get through: let ${PORT[tunnel]} through between the two, both ways`,
    };
  return {
    kind: 'silent',
    reason: `no answer within ${ms / 1000} s, neither through ${TUNNEL[tunnel]} (${PORT[tunnel]}) nor by TCP`,
  };
}
