import { readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { UP_DEFAULTS, type UpOptions } from '../cli/local.ts';
import { BerthError, messageOf } from '../kit/errors.ts';
import { hostNameSchema, labelsSchema } from '../model/host.ts';
import { type DataDir, writeWhole } from './data-dir.ts';
import { defaultAddress } from './default-address.ts';

export const addressSchema = z.object({ host: z.string(), port: z.number().int().min(0).max(65535) });

/** What a manager was started with; kept, so that a plain `berth up` starts the same one again. */
const managerConfigSchema = z.object({
  name: hostNameSchema,
  /** Labels of this machine as a host. */
  labels: labelsSchema,
  socket: z.string(),
  socketGroup: z.string().optional(),
  dockerListen: addressSchema,
  apiListen: addressSchema,
  agentListen: addressSchema,
  /** Undefined: no name server. */
  dnsListen: addressSchema.optional(),
  advertise: z.string(),
  engine: z.string(),
  vlanUplink: z.string().optional(),
  metricsListen: addressSchema.optional(),
  agent: z.boolean(),
});
export type ManagerConfig = Readonly<z.infer<typeof managerConfigSchema>>;

const fileOf = (dir: DataDir) => join(dir.root, 'config.json');

/** What was kept from last time; undefined on the first run. */
export function readConfig(dir: DataDir): ManagerConfig | undefined {
  let text: string;
  try {
    text = readFileSync(fileOf(dir), 'utf8');
  } catch {
    return undefined;
  }
  try {
    return managerConfigSchema.parse(JSON.parse(text));
  } catch (thrown) {
    throw new BerthError('unavailable', `${fileOf(dir)} cannot be read: ${messageOf(thrown)}`, {
      hint: 'mend it, or remove it and give the flags again',
    });
  }
}

/** Back to what was kept before a start that failed: its flags are not to be taken over by the next one. */
export function restoreConfig(dir: DataDir, kept: ManagerConfig | undefined): void {
  if (kept === undefined) rmSync(fileOf(dir), { force: true });
  else writeConfig(dir, kept);
}

export function writeConfig(dir: DataDir, config: ManagerConfig): void {
  writeWhole(fileOf(dir), `${JSON.stringify(config, undefined, 2)}\n`);
}

/** A flag that was given wins over what was kept, and that over the default. */
export function resolveConfig(
  options: UpOptions,
  kept: ManagerConfig | undefined,
  dir: DataDir,
): ManagerConfig {
  const socketGroup = options.socketGroup ?? kept?.socketGroup;
  const dnsListen = options.dnsListen ?? kept?.dnsListen;
  const vlanUplink = options.vlanUplink ?? kept?.vlanUplink;
  const metricsListen = options.metricsListen ?? kept?.metricsListen;
  return managerConfigSchema.parse({
    name: options.name ?? kept?.name ?? ownName(),
    labels: Object.keys(options.labels).length > 0 ? options.labels : (kept?.labels ?? {}),
    socket: options.socket ?? kept?.socket ?? dir.dockerSocket,
    ...(socketGroup === undefined ? {} : { socketGroup }),
    dockerListen: options.dockerListen ?? kept?.dockerListen ?? UP_DEFAULTS.dockerListen,
    apiListen: options.apiListen ?? kept?.apiListen ?? UP_DEFAULTS.apiListen,
    agentListen: options.agentListen ?? kept?.agentListen ?? UP_DEFAULTS.agentListen,
    ...(dnsListen === undefined || dnsListen === 'off' ? {} : { dnsListen }),
    advertise: options.advertise ?? kept?.advertise ?? defaultAddress(),
    engine: options.engine ?? kept?.engine ?? UP_DEFAULTS.engine,
    ...(vlanUplink === undefined ? {} : { vlanUplink }),
    ...(metricsListen === undefined || metricsListen === 'off' ? {} : { metricsListen }),
    agent: options.agent && (kept?.agent ?? true),
  });
}

/** This machine's name as a host name; what a host name cannot carry becomes a dash. */
export function ownName(name = hostname()): string {
  const clean = name
    .replace(/[^A-Za-z0-9.-]+/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '')
    .slice(0, 63);
  return hostNameSchema.safeParse(clean).success ? clean : 'host';
}

/** Flags whose value differs from the one that a running manager was started with, as they are typed. */
export function changedFlags(wanted: ManagerConfig, running: ManagerConfig): string[] {
  return (Object.keys(FLAGS) as (keyof ManagerConfig)[])
    .filter((key) => JSON.stringify(wanted[key]) !== JSON.stringify(running[key]))
    .map((key) => FLAGS[key]);
}

const FLAGS: Readonly<Record<keyof ManagerConfig, string>> = {
  name: '--name',
  labels: '--label',
  socket: '--socket',
  socketGroup: '--socket-group',
  dockerListen: '--docker-listen',
  apiListen: '--api-listen',
  agentListen: '--agent-listen',
  dnsListen: '--dns-listen',
  advertise: '--advertise',
  engine: '--engine',
  vlanUplink: '--vlan-uplink',
  metricsListen: '--metrics-listen',
  agent: '--no-agent',
};
