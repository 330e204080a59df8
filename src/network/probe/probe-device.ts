import { stat } from 'node:fs/promises';
import { BerthError } from '../../kit/errors.ts';
import type { Run } from '../commands.ts';
import { localOf } from '../local-address.ts';
import { inNetnsFolder, VXLAN } from '../xoverlay/device-names.ts';
import { type Entries, linesBetween } from '../xoverlay/entries.ts';
import { devicesOf, entriesIn, namespaceState } from '../xoverlay/kernel.ts';
import { whenVniIsFree } from '../xoverlay/when-vni-is-free.ts';
import {
  configureDevice,
  entriesFor,
  makeDevice,
  namespaceFor,
  PROBE_VNI,
  probeMac,
  type Tunnel,
  UDP_PORT,
} from './plan.ts';

type Options = Readonly<{
  tunnel: Tunnel;
  run: Run;
  /** The host's data address: an IP address in its shortest form. */
  address: string;
  /** What names of namespaces begin with. */
  prefix: string;
  /** Instead of `localOf`, for another host than this machine. */
  local?(address: string): string | undefined;
}>;

/** A host's end of the tunnel that is looked through: a vxlan device, alone in a namespace. */
export interface ProbeDevice {
  readonly namespacePath: string;
  /** Which namespace it is in; undefined where there is none. */
  inode(): Promise<bigint | undefined>;
  /**
   * Sees to it that it is there and knows exactly the hosts with these data addresses. Goes on from whatever is there.
   * @returns `inode`
   * @throws BerthError with what the kernel said
   */
  ensure(others: Iterable<string>): Promise<bigint>;
  /** Whether a host can be looked at through it, which is one that `ensure` was told; in all likelihood any of these. */
  knows(other: string): boolean;
  /** It may not do what it should: the next `ensure` looks at all of it. */
  doubt(): void;
  /** Nothing is left of it; nothing there is no error. What is open in the namespace must be closed. */
  remove(): Promise<void>;
}

export function newProbeDevice({ tunnel, run, address, prefix, local = localOf }: Options): ProbeDevice {
  const namespace = namespaceFor(tunnel, prefix);
  const namespacePath = inNetnsFolder(namespace);
  /** What is known to be there. */
  let held: Readonly<{ inode: bigint; entries: Entries }> | undefined;
  let doubted = false;

  const batch = (program: 'ip' | 'bridge', lines: readonly string[], ...options: string[]) =>
    lines.length === 0
      ? undefined
      : run([program, ...options, '-batch', '-'], { input: lines.map((line) => `${line}\n`).join('') });

  async function inode(): Promise<bigint | undefined> {
    return (await stat(namespacePath, { bigint: true }).catch(() => undefined))?.ino;
  }

  async function make(): Promise<NonNullable<typeof held>> {
    const state = await namespaceState(namespace);
    if (state === 'broken') await run(['ip', 'netns', 'delete', namespace]);
    if (state !== 'there') await run(['ip', 'netns', 'add', namespace]);
    const found = (await devicesOf(run, namespace)) ?? new Map();
    const from = local(address);
    const is = found.get(VXLAN);
    const isRight =
      is?.id === PROBE_VNI &&
      is.port === UDP_PORT[tunnel] &&
      is.local === from &&
      is.mac === probeMac(address);
    // Of an earlier data address.
    if (!isRight && found.has(VXLAN)) await removeDevice();
    if (!isRight) {
      const line = makeDevice(tunnel, { namespace, address, local: from });
      await whenVniIsFree(PROBE_VNI, async () => batch('ip', [line]));
    }
    await batch('ip', configureDevice(address), '-n', namespace);
    const made = await inode();
    if (made === undefined) throw new BerthError('internal', `namespace ${namespace} was deleted`);
    return { inode: made, entries: await entriesIn(run, namespace) };
  }

  async function removeDevice(): Promise<void> {
    await run(['ip', '-n', namespace, 'link', 'delete', VXLAN]);
  }

  async function apply({ inode: made, entries }: NonNullable<typeof held>, wanted: Entries): Promise<void> {
    const { ip, bridge } = linesBetween(entries, wanted, { bridged: false });
    try {
      await Promise.all([
        batch('bridge', bridge, '-n', namespace, '-force'),
        batch('ip', ip, '-n', namespace, '-force'),
      ]);
      held = { inode: made, entries: wanted };
    } catch (thrown) {
      // An entry that was gone already is no harm; what is there now says whether there is any.
      const now = await entriesIn(run, namespace);
      const left = linesBetween(now, wanted, { bridged: false });
      if (left.ip.length + left.bridge.length > 0) throw thrown;
      held = { inode: made, entries: now };
    }
  }

  return {
    namespacePath,
    inode,

    async ensure(others) {
      const there = !doubted && held !== undefined && (await inode()) === held.inode;
      doubted = true;
      const current = there && held !== undefined ? held : await make();
      await apply(current, entriesFor(address, others));
      doubted = false;
      return current.inode;
    },

    knows: (other) => held?.entries.forwarding.get(probeMac(other)) === other,

    doubt() {
      doubted = true;
    },

    async remove() {
      held = undefined;
      const state = await namespaceState(namespace);
      if (state === 'none') return;
      // First: the kernel takes a namespace down a little later, and until then the device holds the VNI.
      if ((await devicesOf(run, namespace))?.has(VXLAN) === true) await removeDevice();
      await run(['ip', 'netns', 'delete', namespace]);
    },
  };
}
