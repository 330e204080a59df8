import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './run.ts';

/** Binds a hosts file of its own over the machine's, where nobody else sees it, and becomes what stands behind. */
const WITH_HOSTS = 'mount --bind "$1" /etc/hosts && shift && exec "$@"';

type CaddyOptions = Readonly<{
  folder: string;
  /** Where its ACME server listens, and is known by. */
  address: string;
  port: number;
  /** Addresses of the names that it looks up. */
  hosts: Readonly<Record<string, string>>;
  /** Put before its command, such as what enters a namespace. */
  within?: readonly string[];
}>;

/** Debian's Caddy as a CA: its `acme_server` is smallstep's. */
export class CaddyCa {
  private process: ChildProcess | undefined;
  private said = '';

  constructor(private readonly options: CaddyOptions) {
    mkdirSync(options.folder, { recursive: true });
  }

  get directory(): string {
    return `https://${this.options.address}:${this.options.port}/acme/local/directory`;
  }

  /** Of its own certificate, and of those that it gives. */
  get root(): string {
    return readFileSync(this.rootFile, 'utf8');
  }

  async start(): Promise<void> {
    const { folder, address, port, hosts, within = [] } = this.options;
    const file = join(folder, 'Caddyfile');
    writeFileSync(
      file,
      `{
  admin off
  auto_https disable_redirects
  skip_install_trust
  storage file_system ${folder}/data
}
https://${address}:${port} {
  bind ${address}
  tls internal
  acme_server
}
`,
    );
    const names = Object.entries(hosts).map(([name, at]) => `${at} ${name}\n`);
    writeFileSync(join(folder, 'hosts'), `127.0.0.1 localhost\n${names.join('')}`);
    const caddy = ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'];
    const inside = ['/bin/sh', '-c', WITH_HOSTS, 'sh', join(folder, 'hosts'), ...caddy];
    const [program = '', ...args] = [...within, 'unshare', '--mount', '--', ...inside];
    const started = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    });
    this.process = started;
    const take = (bytes: Buffer) => {
      this.said = `${this.said}${bytes}`.slice(-20_000);
    };
    started.stdout.on('data', take);
    started.stderr.on('data', take);
    await until(
      () => `Caddy's ACME server (it says: ${this.said.slice(-2_000)})`,
      async () => {
        if (started.exitCode !== null) throw new Error(`caddy has ended: ${this.said.slice(-2_000)}`);
        return existsSync(this.rootFile) && this.said.includes('serving initial configuration')
          ? true
          : undefined;
      },
      { timeoutMs: 60_000 },
    );
  }

  /** It answers nobody, until it goes on. */
  pause(): void {
    this.process?.kill('SIGSTOP');
  }

  goOn(): void {
    this.process?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    const { process: running } = this;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await ended;
  }

  private get rootFile(): string {
    return join(this.options.folder, 'data', 'pki', 'authorities', 'local', 'root.crt');
  }
}
