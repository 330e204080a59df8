import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { run } from '../../lab/run.ts';
import { GuestHost } from './host.ts';

const WIRE = 'wire';
const FILE = '/tmp/capture';
const READ = ['tcpdump', '-r', FILE, '-n', '-Z', 'root'];

/** Hosts on one switch, which is in the guest's own namespace: what passes there has left a host. */
export class Wire {
  private constructor(readonly hosts: ReadonlyMap<string, GuestHost>) {}

  static async make(names: readonly string[]): Promise<Wire> {
    const hosts = new Map<string, GuestHost>();
    const links = [`link add ${WIRE} up type bridge mcast_snooping 0`];
    for (const name of names) {
      const host = await GuestHost.start(name);
      hosts.set(name, host);
      links.push(`link add wire-${name} up master ${WIRE} type veth peer name eth0 netns ${host.pid}`);
    }
    await run(['ip', '-batch', '-'], { input: links.join('\n') });
    for (const host of hosts.values()) await host.ip('link set lo up', 'link set eth0 up');
    return new Wire(hosts);
  }

  host(name: string): GuestHost {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`there is no host ${name} on the wire`);
    return host;
  }

  async remove(): Promise<void> {
    for (const host of this.hosts.values()) await host.stop();
    await run(['ip', 'link', 'delete', WIRE]);
  }

  /** Everything that passes from now on; it listens when this returns. */
  async capture(): Promise<Capture> {
    const words = ['-i', WIRE, '-n', '-U', '--immediate-mode', '-s', '0', '-Z', 'root', '-w', FILE];
    const child = spawn('tcpdump', words, { stdio: ['ignore', 'ignore', 'pipe'] });
    const exited = once(child, 'exit');
    const said: string[] = [];
    await new Promise<void>((done, refuse) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        said.push(line);
        if (line.includes('listening on')) done();
      });
      exited.then(() => refuse(new Error(`tcpdump does not capture: ${said.join('; ')}`)), refuse);
    });
    return new Capture(child, exited);
  }
}

export class Capture {
  constructor(
    private readonly child: ChildProcess,
    private readonly exited: Promise<unknown[]>,
  ) {}

  async end(): Promise<Captured> {
    this.child.kill('SIGINT');
    const [code] = await this.exited;
    if (code !== 0) throw new Error(`tcpdump has ended with ${code}`);
    const bytes = await readFile(FILE);
    return {
      count: async (filter) => lines(await run([...READ, filter])).length,
      show: async (filter, ...how) => lines(await run([...READ, '-e', ...how, filter])),
      has: (text) => bytes.includes(text),
    };
  }
}

/** What has passed on the wire. Filters are those of pcap-filter(7). */
export type Captured = Readonly<{
  count(filter: string): Promise<number>;
  show(filter: string, ...how: string[]): Promise<string[]>;
  /** Whether it is to be found in any frame as it is. */
  has(text: string): boolean;
}>;

const lines = (text: string) => text.split('\n').filter((line) => line !== '');
