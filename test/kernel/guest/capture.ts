import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { run } from '../../lab/run.ts';

/** KiB: for each frame there is room for the largest one. */
const BUFFER = 65_536;
const LARGEST = 65_535;
let count = 0;

/** Everything that passes at an interface, in a file. */
export class Capture {
  private constructor(
    private readonly child: ChildProcess,
    private readonly exited: Promise<unknown[]>,
    private readonly said: readonly string[],
    private readonly file: string,
  ) {}

  /** It listens when this returns. @param enter what runs a program where the interface is */
  static async start(link: string, enter: readonly string[] = []): Promise<Capture> {
    const file = `/var/tmp/capture-${count++}`;
    const room = ['-s', String(LARGEST), '-B', String(BUFFER)];
    const words = ['-i', link, '-n', '-U', '--immediate-mode', ...room, '-Z', 'root', '-w', file];
    const [program = '', ...args] = [...enter, 'tcpdump', ...words];
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    // not `exit`: what it says last is to be read as well
    const exited = once(child, 'close');
    const said: string[] = [];
    await new Promise<void>((done, refuse) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        said.push(line);
        if (line.includes('listening on')) done();
      });
      exited.then(() => refuse(new Error(`tcpdump does not capture: ${said.join('; ')}`)), refuse);
    });
    return new Capture(child, exited, said, file);
  }

  async end(): Promise<Captured> {
    this.child.kill('SIGINT');
    const [code] = await this.exited;
    if (code !== 0) throw new Error(`tcpdump has ended with ${code}`);
    // what is not in the file cannot be said not to have passed
    const lost = this.said.find((line) => / dropped by kernel/.test(line)) ?? 'not known how many';
    if (!/^0 packets/.test(lost)) throw new Error(`tcpdump has not caught everything: ${lost}`);
    const bytes = await readFile(this.file);
    const read = (...words: string[]) =>
      run(['tcpdump', '-r', this.file, '-n', '-Z', 'root', ...words]).then(lines);
    return {
      count: async (filter) => (await read(filter)).length,
      show: (filter, ...how) => read('-e', ...how, filter),
      has: (text) => bytes.includes(text),
    };
  }
}

/** What has passed there. Filters are those of pcap-filter(7). */
export type Captured = Readonly<{
  count(filter: string): Promise<number>;
  show(filter: string, ...how: string[]): Promise<string[]>;
  /** Whether it is to be found in any frame as it is. */
  has(text: string): boolean;
}>;

const lines = (text: string) => text.split('\n').filter((line) => line !== '');
