import { isIPv6 } from 'node:net';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { newKeyedQueue } from '../../kit/keyed-queue.ts';
import type { Logger } from '../../kit/logger.ts';
import { normalIp } from '../../model/ip.ts';
import { type Run, run as runProgram } from '../commands.ts';
import type { OpenUdpSockets } from '../namespace-sockets.ts';
import { LookSockets, type Seen } from './look-sockets.ts';
import { innerAddress, TUNNELS, type Tunnel } from './plan.ts';
import { newProbeDevice, type ProbeDevice } from './probe-device.ts';

/** After a failure: what the kernel refuses once it refuses again. */
const RETRY_MS = 60_000;

export type PathProbeOptions = Readonly<{
  /** The host's data address. */
  dataAddress: string;
  open: OpenUdpSockets;
  logger: Logger;
  run?: Run;
  /** What names of namespaces begin with. */
  prefix?: string;
  /** As of `newProbeDevice`. */
  local?(address: string): string | undefined;
}>;

type End = { readonly device: ProbeDevice; inode?: bigint; sockets?: Promise<LookSockets> };

/**
 * Looks whether VXLAN goes from this host to others and back, in packets of full size: by the kernel's own VXLAN, which is
 * what carries containers' packets, in a tunnel apart from those of networks; see docs/design/network.md.
 */
export class PathProbe {
  private readonly ends: ReadonlyMap<Tunnel, End>;
  /** In its shortest form, as other hosts are told of it; undefined where it is none. */
  private readonly address: string | undefined;
  private readonly inTurn = newKeyedQueue();
  private readonly ending = new AbortController();
  private failure: Readonly<{ error: unknown; until: number }> | undefined;

  constructor(private readonly options: PathProbeOptions) {
    const { dataAddress, run = runProgram, prefix = 'berth-probe', local } = options;
    this.address = normalIp(dataAddress);
    const address = this.address ?? '';
    const other = local === undefined ? {} : { local };
    this.ends = new Map(
      TUNNELS.map((tunnel) => [
        tunnel,
        { device: newProbeDevice({ tunnel, run, address, prefix, ...other }) },
      ]),
    );
  }

  /**
   * Has this host take part in these tunnels, and no others, each with the hosts at these data addresses: they can look at it,
   * and it at them. To be repeated now and then, as what it has made may be taken away.
   * @throws BerthError with what the kernel said; tried again after a minute
   */
  hold(wanted: ReadonlyMap<Tunnel, ReadonlySet<string>>): Promise<void> {
    return this.inTurn('ends', async () => {
      if (this.ending.signal.aborted) return;
      for (const [tunnel, end] of this.ends) if (!wanted.has(tunnel)) await this.removeEnd(end);
      if (wanted.size === 0) return;
      if (this.failure !== undefined && performance.now() < this.failure.until) throw this.failure.error;
      try {
        if (this.address === undefined)
          throw new BerthError('unsupported', `data address "${this.options.dataAddress}" is no IP address`);
        for (const [tunnel, others] of wanted) await this.holdEnd(tunnel, others);
        this.failure = undefined;
      } catch (error) {
        this.failure = { error, until: performance.now() + RETRY_MS };
        this.options.logger.warn({ error: messageOf(error) }, 'data paths cannot be looked at through VXLAN');
        throw error;
      }
    });
  }

  /**
   * @param address one that `hold` was told
   * @param mtu bytes of a full packet inside of the tunnel
   * @param ms until silence counts
   * @throws BerthError where this host cannot look at that one; it is no fault of the path
   */
  async look(tunnel: Tunnel, address: string, mtu: number, ms: number): Promise<Seen> {
    const end = this.ends.get(tunnel);
    if (end?.inode === undefined) throw new Error(`there is no probe for the tunnel "${tunnel}"`);
    if (isIPv6(address) !== isIPv6(this.address ?? '')) return { fault: 'family' };
    if (!end.device.knows(address))
      throw new BerthError('conflict', `${address} has no place of its own in the tunnel "${tunnel}"`);
    end.sockets ??= this.openSockets(end.device);
    const sockets = end.sockets;
    const seen = await sockets.then(
      (opened) => opened.look(innerAddress(address), mtu, ms),
      (thrown) => {
        // Not for good: the next look tries again.
        if (end.sockets === sockets) delete end.sockets;
        throw thrown;
      },
    );
    if (!('ms' in seen)) end.device.doubt();
    return seen;
  }

  /** Takes all of it away. */
  remove(): Promise<void> {
    return this.hold(new Map());
  }

  /** Its devices stay: others can look at this host while no agent runs. */
  async close(): Promise<void> {
    this.ending.abort(new Error('the agent ends'));
    await this.inTurn('ends', async () => {
      for (const end of this.ends.values()) await closeSockets(end);
    });
  }

  private async holdEnd(tunnel: Tunnel, others: ReadonlySet<string>): Promise<void> {
    const end = this.ends.get(tunnel);
    if (end === undefined) return;
    // First: they would keep a namespace that was deleted, and its device with the VNI.
    if ((await end.device.inode()) !== end.inode) await closeSockets(end);
    end.inode = await end.device.ensure(others);
  }

  private async removeEnd(end: End): Promise<void> {
    delete end.inode;
    await closeSockets(end);
    await end.device.remove();
  }

  private async openSockets({ namespacePath }: ProbeDevice): Promise<LookSockets> {
    const { open } = this.options;
    const address = innerAddress(this.address ?? '');
    return new LookSockets(await open(namespacePath, address, LookSockets.NEEDED, this.ending.signal));
  }
}

/** An open socket would keep its namespace alive, with all that is in it. */
async function closeSockets(end: End): Promise<void> {
  const opened = await end.sockets?.catch(() => undefined);
  delete end.sockets;
  await opened?.close();
}
