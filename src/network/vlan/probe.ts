import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { BerthError } from '../../kit/errors.ts';
import type { Endpoint } from '../../model/span.ts';
import type { Run } from '../commands.ts';
import { ipBatch, setSwitches } from './ip.ts';

/**
 * Duplicate-address detection and announcement of an endpoint's addresses (RFC 5227 and RFC 4862, 5.4; RFC 4861, 7.2.6), by
 * the kernel's own neighbour code, as Node has no raw sockets: in a namespace where nothing has an address, the kernel asks
 * for a neighbour with the source 0.0.0.0, which is what an ARP probe is.
 *
 * The probe is sent from a MAC of its own. From the endpoint's, switches would learn that it is here now: what is in use
 * elsewhere would be cut off, and its answer would come back to the port that asked, which switches do not do.
 */

/** As RFC 5227; its 1 to 2 s between probes are for networks slower than those of a data centre. */
const PROBES = 3;
const BETWEEN_PROBES_MS = 200;
/** The kernel gives up one pause after its last probe. */
const SILENCE_MS = PROBES * BETWEEN_PROBES_MS;
const LATEST_MS = SILENCE_MS + 2_000;
/** Only one end of a link has it; it is gone before the container has the interface. */
const PROBE_LINK_LOCAL = 'fe80::be:53/64';

const neighbourSchema = z.array(
  z.looseObject({ dst: z.string(), lladdr: z.string().optional(), state: z.array(z.string()).default([]) }),
);

export type Answer = Readonly<{ ip: string; mac: string }>;

export function addressesOf({ ipv4, ipv6 }: Endpoint): string[] {
  return [ipv4, ipv6].filter((ip) => ip !== undefined);
}

/** Lines for `ip -batch -` in the probe's namespace. */
export function probeLines(link: string, addresses: readonly string[]): string[] {
  return [
    'link set dev lo up',
    // no address but those given here: a probe has none
    `link set dev ${link} addrgenmode none`,
    ...(addresses.some(isIPv6) ? [`address add ${PROBE_LINK_LOCAL} dev ${link} nodad`] : []),
    `link set dev ${link} up`,
    ...addresses.map((ip) => `neighbour replace ${ip} dev ${link} use`),
  ];
}

/**
 * Lines for `ip -batch -`: a change of MAC is what the kernel announces addresses at (`arp_notify`, `ndisc_notify`). Twice,
 * as nobody says that they have heard it.
 */
export function announceLines(link: string, { ipv4, ipv6, mac }: Endpoint): string[] {
  return [
    ...(ipv4 === undefined ? [] : [`address add ${ipv4}/32 dev ${link}`]),
    ...(ipv6 === undefined ? [] : [`address add ${ipv6}/128 dev ${link} nodad`]),
    `link set dev ${link} address ${mac}`,
    `link set dev ${link} address ${mac}`,
  ];
}

/** What `ip -json neighbour show` says: who answered, and whether addresses are still being asked for. */
export function readAnswers(
  json: string,
  addresses: readonly string[],
): Readonly<{ answers: readonly Answer[]; waiting: boolean }> {
  const asked = neighbourSchema.parse(JSON.parse(json || '[]')).filter(({ dst }) => addresses.includes(dst));
  return {
    answers: asked.flatMap(({ dst, lladdr }) => (lladdr === undefined ? [] : [{ ip: dst, mac: lladdr }])),
    waiting: asked.some(({ state }) => state.includes('INCOMPLETE')),
  };
}

/**
 * Sees to it that nobody on the VLAN has the endpoint's addresses; takes 0.6 s.
 * @throws BerthError `conflict` naming the MAC that answered
 */
export async function probe(run: Run, namespace: string, link: string, endpoint: Endpoint): Promise<void> {
  const addresses = addressesOf(endpoint);
  const pause = `neigh/${link}/retrans_time_ms`;
  await setSwitches(run, { ipv4: [pause], ipv6: [pause] }, BETWEEN_PROBES_MS, namespace);
  await ipBatch(run, probeLines(link, addresses), namespace);
  const began = performance.now();
  for (let wait = SILENCE_MS; ; wait = BETWEEN_PROBES_MS / 4) {
    await sleep(wait);
    const shown = await run(['ip', '-n', namespace, '-json', 'neighbour', 'show', 'dev', link]);
    const { answers, waiting } = readAnswers(shown, addresses);
    const [first] = answers;
    if (first !== undefined) throw inUse(first, endpoint);
    if (!waiting || performance.now() - began > LATEST_MS) return;
  }
}

/** Tells switches and neighbours that the addresses are here now. */
export async function announce(run: Run, namespace: string, link: string, endpoint: Endpoint): Promise<void> {
  await setSwitches(
    run,
    { ipv4: [`conf/${link}/arp_notify`], ipv6: [`conf/${link}/ndisc_notify`] },
    1,
    namespace,
  );
  await ipBatch(run, announceLines(link, endpoint), namespace);
}

function inUse({ ip, mac }: Answer, endpoint: Endpoint): BerthError {
  if (mac === endpoint.mac) {
    return new BerthError(
      'conflict',
      `address ${ip} is still answered for by an older copy of this container (MAC ${mac})`,
      {
        hint: 'the host that it ran on is cut off from the manager: stop the container there, or take the host off the VLAN',
      },
    );
  }
  return new BerthError('conflict', `address ${ip} is in use by a machine with the MAC ${mac}`, {
    hint: `find it in the switch's table of MAC addresses; to keep Berth from giving out ${ip}, leave it out with --ip-range or --aux-address`,
  });
}
