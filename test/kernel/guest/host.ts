import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { NetworkDriver } from '../../../src/network/driver.ts';
import { type Output, run, tryRun, until } from '../../lab/run.ts';
import type { Asked, DriverOf, Told } from './driver-process.ts';

/** The first process of a host: folders of its own where namespaces and switches leave their files. */
const FIRST =
  'mount -t sysfs sysfs /sys && mount -t tmpfs tmpfs /run && mkdir /run/netns && exec sleep infinity';

/** A host of the cluster in the guest: namespaces of its own, with `eth0` on the wire. */
export class GuestHost {
  private constructor(
    readonly name: string,
    private readonly holder: ChildProcess,
    /** Its first process. */
    readonly pid: number,
  ) {}

  static async start(name: string): Promise<GuestHost> {
    const apart = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const holder = spawn('unshare', [...apart, 'sh', '-c', FIRST], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const first = await until(`the first process of ${name}`, async () => firstOf(holder.pid ?? 0), {
      timeoutMs: 10_000,
      everyMs: 20,
    });
    return new GuestHost(name, holder, first);
  }

  private enter(argv: readonly string[]): string[] {
    return ['nsenter', `--target=${this.pid}`, '--net', '--mount', '--pid', '--', ...argv];
  }

  /** As on a host of the lab. */
  exec(
    _host: string,
    argv: readonly string[],
    options: { timeoutMs?: number; input?: string } = {},
  ): Promise<Output> {
    return tryRun(this.enter(['env', ...argv]), options);
  }

  /** @throws LabError where it fails */
  must(...argv: string[]): Promise<string> {
    return run(this.enter(argv), { timeoutMs: 30_000 });
  }

  /** Lines for `ip -batch -`. */
  async ip(...lines: string[]): Promise<void> {
    await run(this.enter(['ip', '-batch', '-']), { timeoutMs: 30_000, input: lines.join('\n') });
  }

  /** Before a program that is to run in a container's network, and nowhere else of the host: signals reach it. */
  inNetOf(container: string): string[] {
    return ['nsenter', `--net=/proc/${this.pid}/root/run/netns/${container}`, '--'];
  }

  /** Runs on, with its input open, until it ends by itself or is killed. */
  spawn(argv: readonly string[]): ChildProcess {
    const [program = '', ...args] = this.enter(argv);
    return spawn(program, args, { stdio: 'pipe' });
  }

  /** The network driver in a process of the host, as in its agent. */
  async driver(which: DriverOf): Promise<HostDriver> {
    const [program = '', ...args] = this.enter([process.execPath]);
    const told = [JSON.stringify(which)];
    const child = fork(process.argv[1] ?? '', told, { execPath: program, execArgv: args });
    await once(child, 'message');
    return new HostDriver(child);
  }

  async stop(): Promise<void> {
    this.holder.kill('SIGKILL');
    await once(this.holder, 'exit');
    await until(
      `the end of ${this.name}`,
      async () => (firstOf(this.pid, false) === undefined ? true : undefined),
      {
        timeoutMs: 10_000,
        everyMs: 20,
      },
    );
  }
}

type Calls = Omit<Required<NetworkDriver>, 'name' | 'sweep'>;

/** What a host's driver does, in its process. */
export class HostDriver implements Calls {
  private count = 0;

  constructor(private readonly child: ChildProcess) {}

  readonly preflight: Calls['preflight'] = (...args) => this.call('preflight', args);
  readonly ensure: Calls['ensure'] = (...args) => this.call('ensure', args);
  readonly remove: Calls['remove'] = (...args) => this.call('remove', args);
  readonly join: Calls['join'] = (...args) => this.call('join', args);
  readonly leave: Calls['leave'] = (...args) => this.call('leave', args);
  readonly namesNamespace: Calls['namesNamespace'] = (...args) => this.call('namesNamespace', args);
  readonly members: Calls['members'] = (...args) => this.call('members', args);
  readonly keys: Calls['keys'] = (...args) => this.call('keys', args);
  readonly renewKeys: Calls['renewKeys'] = (...args) => this.call('renewKeys', args);

  /** The process ends as by SIGKILL: nothing is taken away. */
  async kill(): Promise<void> {
    this.child.disconnect();
    await once(this.child, 'exit');
  }

  private async call<R>(method: string, args: readonly unknown[]): Promise<R> {
    const id = this.count++;
    const told = new Promise<Told>((done) => {
      const hear = (message: Told) => {
        if (message.id !== id) return;
        this.child.off('message', hear);
        done(message);
      };
      this.child.on('message', hear);
    });
    const asked: Asked = { id, method, args };
    this.child.send(asked);
    const { error, result } = await told;
    if (error !== undefined) throw new Error(error);
    return result as R;
  }
}

/** The process itself, or the first one that it has started. */
function firstOf(pid: number, child = true): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return child ? Number(children.split(' ')[0]) || undefined : pid;
  } catch {
    return undefined;
  }
}
