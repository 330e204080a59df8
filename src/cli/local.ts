import type { Address } from './values.ts';

/**
 * What the commands that act on this machine itself need; the composition root has them. Each throws BerthError for what
 * a person can mend. A flag that was not given is undefined: the implementation takes what it has from last time, or
 * `UP_DEFAULTS` and `AGENT_DEFAULTS`.
 */
export interface LocalCommands {
  /**
   * Starts the manager (idempotent). Calls `report.ready` once it serves. With `foreground` the promise ends when the
   * manager does.
   */
  up(options: UpOptions, report: LocalReport<UpResult>): Promise<void>;
  /** Stops it. With `purge`, removes everything that it made; the user was asked before. */
  down(options: DownOptions, report: LocalReport<DownResult>): Promise<void>;
  /** Joins this machine to a cluster, or starts its agent again. As `up` with `foreground`. */
  agent(options: AgentOptions, report: LocalReport<AgentResult>): Promise<void>;
  /** `unix:///…` of the Docker endpoint of the manager in `dataDir`; undefined where none is served there. */
  dockerEndpoint(dataDir: string): string | undefined;
}

/** How a local command tells what it does. */
export type LocalReport<R> = Readonly<{
  /** What is being done now, one short line; shown on standard error. */
  step(line: string): void;
  /** What the user should know of, one line. */
  warn(line: string): void;
  /** The result; at most once. It is printed at once. */
  ready(result: R): void;
}>;

export type UpOptions = Readonly<{
  demo: boolean;
  /** Absolute. */
  dataDir: string;
  name: string | undefined;
  labels: Readonly<Record<string, string>>;
  /** Absolute path of the Docker endpoint's unix socket. */
  socket: string | undefined;
  socketGroup: string | undefined;
  dockerListen: Address | undefined;
  apiListen: Address | undefined;
  agentListen: Address | undefined;
  /** Where the manager's name server listens; `off`: it has none, as when it was never given. */
  dnsListen: Address | 'off' | undefined;
  /** IP address or host name at which other machines reach this one. */
  advertise: string | undefined;
  /** `unix:///path` or `tcp://host:port`. */
  engine: string | undefined;
  /** This machine's interface to the switch with the company's VLANs. */
  vlanUplink: string | undefined;
  /** Where this machine's agent tells Prometheus what it measures; `off`: nowhere, as when it was never given. */
  metricsListen: Address | 'off' | undefined;
  /** False: this machine is a manager only (`--no-agent`). */
  agent: boolean;
  /** False: nothing may be installed (`--no-install`). */
  install: boolean;
  /** Secrets that the vault does not open are given up, once. */
  forgetSecrets: boolean;
  /** Install and start a systemd unit. */
  service: boolean;
  foreground: boolean;
}>;

export const UP_DEFAULTS = {
  dockerListen: { host: '0.0.0.0', port: 2376 },
  apiListen: { host: '0.0.0.0', port: 8443 },
  agentListen: { host: '0.0.0.0', port: 8444 },
  engine: 'unix:///var/run/docker.sock',
} as const;

export type UpResult = Readonly<{
  /** `unix:///run/berth/docker.sock` */
  endpoint: string;
  /** `tcp://10.0.0.1:2376` */
  dockerTls: string;
  /** `https://10.0.0.1:8443` */
  api: string;
  /** `10.0.0.1:8444` */
  agentAddress: string;
  dataDir: string;
  pid: number;
  /** The docker context that stands for the endpoint; only in the default data directory, and where docker is. */
  dockerContext?: string;
  /** On the first run only. */
  adminPassword?: string;
  /** With `--demo`. */
  demoUrl?: string;
}>;

export type DownOptions = Readonly<{ dataDir: string; purge: boolean }>;

export type DownResult = Readonly<{
  /** False where it was not running. */
  stopped: boolean;
  /** What `--purge` removed, one line each ("container web on h1", "/var/lib/berth"). */
  removed: readonly string[];
}>;

export type AgentOptions = Readonly<{
  /** `berth1-ID-SECRET-HASH`; undefined: start again with what is there. */
  join: string | undefined;
  /** Where the manager's API listens; given whenever `join` is. */
  manager: Address | undefined;
  /** Absolute. */
  dataDir: string;
  name: string | undefined;
  labels: Readonly<Record<string, string>>;
  engine: string | undefined;
  /** IP address at which others reach ports that are published on this machine. */
  dataAddr: string | undefined;
  /** This machine's interface to the switch with the company's VLANs. */
  vlanUplink: string | undefined;
  /** Where this machine's agent tells Prometheus what it measures; `off`: nowhere, as when it was never given. */
  metricsListen: Address | 'off' | undefined;
  foreground: boolean;
  service: boolean;
}>;

export const AGENT_DEFAULTS = {
  dataDir: '/var/lib/berth-agent',
  managerPort: 8443,
  engine: 'unix:///var/run/docker.sock',
} as const;

export type AgentResult = Readonly<{
  hostId: string;
  hostName: string;
  /** `10.0.0.1:8444` */
  manager: string;
  dataDir: string;
  pid: number;
}>;
