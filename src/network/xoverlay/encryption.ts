import { randomInt } from 'node:crypto';
import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Run } from '../commands.ts';
import type { EspKey, PeerKeys } from '../driver.ts';
import { ENCRYPTED_PORT } from './device-names.ts';
import {
  type Association,
  type Associations,
  direction,
  FIRST_SPI,
  LAST_SPI,
  linksInUse,
} from './key-chain.ts';

/** Marks what is Berth's among the kernel's security associations and policies. */
const REQID = 48_711;
/** Integrity check value of AES-GCM, bits (RFC 4106). */
const ICV_BITS = 128;
/** The kernel takes the policy with the lowest number. */
const LAST = 2000;
/** By number: a host without /etc/protocols does not know the name, and does not print it. */
const UDP = 17;
const OUR_PORT = new RegExp(`proto (udp|${UDP}) dport ${ENCRYPTED_PORT}`);
/** All addresses of a family. */
const ANY = ['0.0.0.0/0', '::/0'];

/** What the kernel has of ours, by what it is, and the line that deletes it. */
export type Present = ReadonlyMap<string, string>;

/** What a host is to have: keys with its peers, and whether it has an encrypted network (`blocked`). */
export type Wanted = Readonly<{ peers: readonly PeerKeys[]; blocked: boolean }>;

/** By its name, the line that makes each policy which lets nothing in or out that no policy of a peer encrypts. */
function blockPolicies(): Map<string, string> {
  const policies = new Map<string, string>();
  for (const any of ANY)
    for (const dir of ['out', 'in'])
      policies.set(
        policyName(dir, any, any),
        `xfrm policy update ${selector(any, any)} dir ${dir} action block priority ${LAST}`,
      );
  return policies;
}

/**
 * Lines for `ip -batch -` that make the kernel encrypt, and accept encrypted only, what goes between this host and its peers
 * at the port of encrypted networks (RFC 4301). They must be read from standard input: an argument would be seen in the list
 * of processes.
 * @param present what the kernel has of Berth's already (`presentIn`)
 */
export function encryptionLines({ peers, blocked }: Wanted, present: Present): string[] {
  const states = new Map<string, string>();
  const policies = blocked ? blockPolicies() : new Map<string, string>();
  for (const { address, own, out, in: incoming } of peers) {
    for (const one of incoming) states.set(stateName(address, own, one.spi), stateLine(address, own, one));
    states.set(stateName(own, address, out.spi), stateLine(own, address, out));
    policies.set(
      policyName('in', address, own),
      `xfrm policy update ${selector(address, own)} dir in ${template(address, own)}`,
    );
    // Of several associations that are there, as keys change, the newest is meant.
    policies.set(
      policyName('out', own, address),
      `xfrm policy update ${selector(own, address)} dir out ${template(own, address, out.spi)}`,
    );
  }
  const gone = (kind: string, wanted: ReadonlyMap<string, string>) =>
    [...present].flatMap(([name, line]) => (name.startsWith(kind) && !wanted.has(name) ? [line] : []));
  // Associations before the policies that need them, and the old ones last: there is a key for every packet all the time.
  return [
    ...[...states].flatMap(([name, line]) => (present.has(name) ? [] : [line])),
    ...policies.values(),
    ...gone('policy', policies),
    ...gone('state', states),
  ];
}

function stateLine(src: string, dst: string, { spi, key }: EspKey): string {
  return (
    `xfrm state add src ${src} dst ${dst} proto esp spi ${spi} reqid ${REQID} mode transport ` +
    `aead rfc4106(gcm(aes)) 0x${key} ${ICV_BITS} sel src ${src} dst ${dst} proto ${UDP} dport ${ENCRYPTED_PORT}`
  );
}

function selector(src: string, dst: string): string {
  return `src ${prefixed(src)} dst ${prefixed(dst)} proto ${UDP} dport ${ENCRYPTED_PORT}`;
}

/** In the order that `ip` reads: it takes an SPI after the reqid for a word that it does not know. */
function template(src: string, dst: string, spi?: number): string {
  const which = spi === undefined ? '' : ` spi ${spi}`;
  return `tmpl src ${src} dst ${dst} proto esp${which} reqid ${REQID} mode transport`;
}

function prefixed(address: string): string {
  return address.includes('/') ? address : `${address}/${address.includes(':') ? 128 : 32}`;
}

function stateName(src: string, dst: string, spi: number): string {
  return `state ${src} ${dst} ${spi}`;
}

function policyName(dir: string, src: string, dst: string): string {
  return `policy ${dir} ${prefixed(src)} ${prefixed(dst)}`;
}

/** With which key a policy sends: as it is changed in place, one with the key of before has the same name. */
function sendsName(src: string, dst: string, spi: number): string {
  return `sends ${prefixed(src)} ${prefixed(dst)} ${spi}`;
}

/** What there is of Berth's, from the answers of `ip xfrm state` and `ip xfrm policy`. */
export function presentIn(states: string, policies: string): Present {
  const present = new Map<string, string>();
  for (const block of blocks(states)) {
    const [, src = '', dst = ''] = /^src (\S+) dst (\S+)/.exec(block) ?? [];
    const [, spi] = /proto esp spi (0x[0-9a-f]+)/.exec(block) ?? [];
    if (spi === undefined || !block.includes(`reqid ${REQID}`)) continue;
    const number = Number(spi);
    const line = `xfrm state delete src ${src} dst ${dst} proto esp spi ${number}`;
    present.set(stateName(src, dst, number), line);
  }
  for (const block of blocks(policies)) {
    const [, src = '', dst = ''] = /^src (\S+) dst (\S+)/.exec(block) ?? [];
    const [, dir = ''] = /\bdir (\w+)/.exec(block) ?? [];
    if (!OUR_PORT.test(block)) continue;
    present.set(policyName(dir, src, dst), `xfrm policy delete ${selector(src, dst)} dir ${dir}`);
    const [, spi] = /proto esp spi (0x[0-9a-f]+)/.exec(block) ?? [];
    // Nothing deletes it: it goes with its policy.
    if (dir === 'out' && spi !== undefined) present.set(sendsName(src, dst, Number(spi)), '');
  }
  return present;
}

/** Entries of `ip xfrm`: what is indented belongs to the line before. */
function blocks(shown: string): string[] {
  return shown.split(/\n(?=\S)/).filter((block) => block.trim() !== '');
}

/** What has been counted of each association of Berth's, from the answer of `ip -statistics xfrm state`. */
export function countedIn(states: string): Associations {
  const counted = new Map<string, Map<number, Association>>();
  for (const block of blocks(states)) {
    const [, src = '', dst = ''] = /^src (\S+) dst (\S+)/.exec(block) ?? [];
    const [, spi] = /proto esp spi (0x[0-9a-f]+)/.exec(block) ?? [];
    const [, key] = /aead \S+ 0x([0-9a-f]+)/.exec(block) ?? [];
    const [, sent] = /\boseq (0x[0-9a-f]+)/.exec(block) ?? [];
    const [, heard] = /lifetime current:\s+\d+\(bytes\), (\d+)\(packets\)/.exec(block) ?? [];
    if (spi === undefined || key === undefined || !block.includes(`reqid ${REQID}`)) continue;
    const name = direction(src, dst);
    const oneWay = counted.get(name) ?? new Map<number, Association>();
    counted.set(name, oneWay.set(Number(spi), { sent: Number(sent ?? 0), heard: Number(heard ?? 0), key }));
  }
  return counted;
}

const STATES = ['ip', '-statistics', 'xfrm', 'state'];
const POLICIES = ['ip', 'xfrm', 'policy'];

/** What there is, and the keys that are wanted as links of their chains. */
async function look(run: Run, wanted: Wanted): Promise<{ present: Present; now: Wanted }> {
  const states = await run(STATES);
  const present = presentIn(states, await run(POLICIES));
  return { present, now: { ...wanted, peers: linksInUse(wanted.peers, countedIn(states)) } };
}

/**
 * To be called from time to time: an association that has carried half of what it may is followed by the next one, and what
 * others may send next is taken.
 * @returns data addresses to which this host sends with another key from now on
 */
export async function renewLinks(run: Run, wanted: Wanted): Promise<string[]> {
  const { present, now } = await look(run, wanted);
  // the policies that block are not looked at: a kernel without IPv6 has not all of them
  if (namesOf({ peers: now.peers, blocked: false }).every((name) => present.has(name))) return [];
  await encrypt(run, wanted);
  return now.peers.flatMap(({ own, address, out }) =>
    present.has(sendsName(own, address, out.spi)) ? [] : [address],
  );
}

/** Brings the kernel's associations and policies to what is wanted; without peers and networks all of Berth's go. */
export async function encrypt(run: Run, wanted: Wanted): Promise<void> {
  const { present, now } = await look(run, wanted);
  const lines = encryptionLines(now, present);
  if (lines.length === 0) return;
  try {
    // One that fails must not stop those of the other peers.
    await run(['ip', '-force', '-batch', '-'], { input: lines.map((line) => `${line}\n`).join('') });
  } catch (thrown) {
    const after = presentIn(await run(STATES), await run(POLICIES));
    const missing = namesOf(now).filter((name) => !after.has(name) && !withoutSix(name, thrown));
    if (missing.length === 0) return;
    throw new BerthError(
      'internal',
      `the kernel has not taken ${missing.length} associations and policies (${messageOf(thrown)})`,
      { cause: thrown },
    );
  }
}

/** All that `presentIn` is to find. */
function namesOf({ peers, blocked }: Wanted): string[] {
  return [
    ...(blocked ? blockPolicies().keys() : []),
    ...peers.flatMap(({ address, own, out, in: incoming }) => [
      ...incoming.map(({ spi }) => stateName(address, own, spi)),
      stateName(own, address, out.spi),
      policyName('in', address, own),
      policyName('out', own, address),
      sendsName(own, address, out.spi),
    ]),
  ];
}

/**
 * Before an encrypted network has a device: what there is no key for, because no manager has told it yet or the kernel has
 * refused it, stays on the host. A kernel without IPv6 has nothing to stop there.
 */
export async function block(run: Run): Promise<void> {
  const policies = blockPolicies();
  try {
    await run(['ip', '-force', '-batch', '-'], { input: [...policies.values(), ''].join('\n') });
  } catch (thrown) {
    const present = presentIn('', await run(POLICIES));
    if ([...policies.keys()].some((name) => !present.has(name) && !withoutSix(name, thrown))) throw thrown;
  }
}

/** The last encrypted network has gone: the port may be anybody's. */
export async function unblock(run: Run): Promise<void> {
  const present = presentIn('', await run(POLICIES));
  const lines = [...blockPolicies().keys()].flatMap((name) => present.get(name) ?? []);
  if (lines.length > 0) await run(['ip', '-force', '-batch', '-'], { input: [...lines, ''].join('\n') });
}

function withoutSix(name: string, thrown: unknown): boolean {
  return name.includes(':') && /address family not supported/i.test(messageOf(thrown));
}

/** By family of the data address: addresses for documentation (RFC 5737, RFC 3849), and what the kernel needs. */
const TRIALS = {
  4: { between: 'src 192.0.2.1 dst 192.0.2.2', config: 'CONFIG_INET_ESP', module: 'esp4' },
  6: { between: 'src 2001:db8::1 dst 2001:db8::2', config: 'CONFIG_INET6_ESP', module: 'esp6' },
} as const;

/**
 * Finds out whether the kernel can encrypt between addresses of the data address's family, by trying: with an association that
 * nothing uses, taken away at once. One that an earlier trial has left, or another agent tries, is not in the way.
 * @param local whether an interface of this host has the data address; behind NAT none has: the two ends of an association
 *   must see the same addresses
 * @throws BerthError `unsupported` with what the kernel said
 */
export async function needEncryption(run: Run, dataAddress: string, local: boolean): Promise<void> {
  if (!local) {
    throw new BerthError(
      'unsupported',
      `this host cannot encrypt networks: no interface of it has its data address ${dataAddress}`,
      {
        hint: 'give it an address of its own with --data-addr, or make the network without "--opt encrypted"',
      },
    );
  }
  const family = dataAddress.includes(':') ? 6 : 4;
  const { between, config, module } = TRIALS[family];
  const trial = `${between} proto esp spi ${randomInt(FIRST_SPI, LAST_SPI)}`;
  const key = '00'.repeat(36);
  const lines = [
    `xfrm state add ${trial} mode transport aead rfc4106(gcm(aes)) 0x${key} ${ICV_BITS}`,
    `xfrm state delete ${trial}`,
  ];
  try {
    await run(['ip', '-batch', '-'], { input: lines.map((line) => `${line}\n`).join('') });
  } catch (thrown) {
    throw new BerthError(
      'unsupported',
      `the kernel of this host cannot encrypt networks between IPv${family} addresses, as its data address ${dataAddress} is one (${messageOf(thrown)})`,
      {
        hint: `it needs ${config} and CONFIG_CRYPTO_GCM (modules ${module} and gcm), as the kernels of distributions have; or make the network without "--opt encrypted"`,
      },
    );
  }
}
