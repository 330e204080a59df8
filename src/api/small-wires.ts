import type { Network } from '../model/objects.ts';
import { say } from '../model/said/index.ts';
import type { Span } from '../model/span.ts';
import type { SpanDriver } from '../model/spanning/driver.ts';
import { SPAN_DRIVERS } from '../model/spanning/registry.ts';
import type { ReadTx } from '../store/store.ts';
import { isSpanning } from './networks/spanning.ts';

/** How many networks are named before "and n more". */
const NAMED = 3;

type Need = Readonly<{ driver: SpanDriver; network: Network & Readonly<{ span: Span }>; wire: number }>;

/**
 * For one request: by host ID the networks whose packets of full size its wire does not carry, a sentence each. A network's
 * MTU is what the hosts that were there when it was made have room for; one that joins later may have less.
 */
export function smallWires(tx: ReadTx): (hostId: string) => readonly string[] {
  const needs = { 4: largestFirst(tx, 4), 6: largestFirst(tx, 6) };
  return (hostId) => {
    const { dataAddress = '', network } = tx.get('hostStatus', hostId) ?? {};
    if (network === undefined) return [];
    const { drivers, wireMtu } = network;
    const family = dataAddress.includes(':') ? 6 : 4;
    const [first] = needs[family];
    if (first === undefined || first.wire <= wireMtu) return [];
    const tooLarge = needs[family].filter(
      ({ driver, wire }) => wire > wireMtu && drivers[driver.name]?.usable === true,
    );
    const texts = tooLarge.slice(0, NAMED).map(({ driver, network: { name, span }, wire }) => {
      const fits = driver.mtu({ mtu: wireMtu, family }, span);
      const inside = span.mtu;
      return say('hosts.wire', { mtu: wireMtu, address: dataAddress, name, inside, needs: wire, fits });
    });
    const more = tooLarge.length - NAMED;
    return more > 0 ? [...texts, say(`hosts.wires.${more === 1 ? 'one' : 'many'}`, { n: more })] : texts;
  };
}

function largestFirst(tx: ReadTx, family: 4 | 6): readonly Need[] {
  const needs: Need[] = [];
  for (const network of tx.all('networks')) {
    if (!isSpanning(network)) continue;
    const driver = SPAN_DRIVERS.find(({ name }) => name === network.span.driver);
    const wire = driver?.wireMtuFor(network.span, family);
    if (driver !== undefined && wire !== undefined) needs.push({ driver, network, wire });
  }
  return needs.sort((a, b) => b.wire - a.wire || (a.network.name < b.network.name ? -1 : 1));
}
