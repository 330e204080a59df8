import { z } from 'zod';

/** Host names as in RFC 1123: what a certificate, a DNS name and `node/name` in Docker's lists can all carry. */
export const hostNameSchema = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i, {
    error: (issue) =>
      `"${String(issue.input)}" is not a host name: use letters, digits, dots and dashes (RFC 1123)`,
  });

/** Docker's rule for label keys is loose; Berth asks for what an expression can name (CLASSIC-SWARM.md). */
export const labelKeySchema = z
  .string()
  .max(128)
  .regex(/^[a-z_][a-z0-9\-_.]*$/i, {
    error: (issue) =>
      `"${String(issue.input)}" is not a label key: begin with a letter, then letters, digits, - _ .`,
  });

export const labelsSchema = z.record(labelKeySchema, z.string().max(4096));

const kernelLifeSchema = z.string().regex(/^[0-9a-f]{32}$/);

/**
 * What the cluster knows of a host for good. Owned by the operator (labels, cordon) and by the join (identity);
 * what the agent sees is `HostStatus`.
 */
export const hostSchema = z.object({
  kind: z.literal('host'),
  /** Short ID, in the certificate's common name. */
  id: z.string(),
  /** Unique in the cluster, ignoring case. */
  name: hostNameSchema,
  labels: labelsSchema,
  /** No new containers are placed here. */
  cordoned: z.boolean(),
  /** It was emptied: services that are on each host have none here either, until it is uncordoned. */
  drained: z.boolean().optional(),
  /** SHA-256 of the certificate that this host may connect with (hex); another one is refused. */
  certFingerprint: z.string(),
  /** /etc/machine-id or the engine's ID at the time of joining: a copied data directory on another machine is refused. */
  machineId: z.string(),
  joinedAt: z.number(),
  /** ID of the join token that was used. */
  joinTokenId: z.string(),
  /** The address that it said last that others reach it at: traffic to its containers goes on while it is not connected. */
  dataAddress: z.string().optional(),
  /** It said last that it has a probe device (`HostNetworking`). */
  probed: z.boolean().optional(),
  /** What it said last of its kernel (`HostNetworking`). */
  kernelLife: kernelLifeSchema.optional(),
});
export type Host = Readonly<z.infer<typeof hostSchema>>;

/** pending: joined, never reported · ready · suspect: heartbeats are late · down: none for the time in the settings. */
export const hostStateSchema = z.enum(['pending', 'ready', 'suspect', 'down']);
export type HostState = z.infer<typeof hostStateSchema>;

/** What the engine on a host says of itself (`GET /info`, `GET /version`). */
export const engineInfoSchema = z.object({
  engineId: z.string(),
  serverVersion: z.string(),
  /** Newest API version that the engine speaks, such as "1.41". */
  apiVersion: z.string(),
  minApiVersion: z.string(),
  operatingSystem: z.string(),
  osType: z.string(),
  architecture: z.string(),
  kernelVersion: z.string(),
  storageDriver: z.string(),
  /** Logical processors. */
  cpus: z.number(),
  /** Bytes. */
  memory: z.number(),
  /** The engine's own labels (`dockerd --label`), as a map. */
  labels: z.record(z.string(), z.string()),
});
export type EngineInfo = Readonly<z.infer<typeof engineInfoSchema>>;

/** How far a host that was down is trusted again. Owned by the fail-over controller; kept, so that a restart forgets nothing. */
export const hostTrustSchema = z.object({
  kind: z.literal('host-trust'),
  /** The host's ID. */
  id: z.string(),
  /** When it went down within the last hour, milliseconds since the epoch, oldest first. */
  downs: z.array(z.number()),
  /** No new containers before then; 0 where it is trusted. */
  restUntil: z.number(),
  /** One sentence why it rests; empty where it is trusted. */
  reason: z.string(),
  /** Its last failure was counted, and it has not been back since: it rests once it is. */
  away: z.boolean().optional(),
});
export type HostTrust = Readonly<z.infer<typeof hostTrustSchema>>;

/** What fail-over has to say of a host that is down. Never written to disk. */
export type HostFailover = Readonly<{
  kind: 'host-failover';
  /** The host's ID. */
  id: string;
  /** Nothing is moved away from it: too many hosts have vanished at once. */
  held: boolean;
  /** One sentence; empty where there is nothing to say. */
  reason: string;
  /** Containers with a fail-over policy that are still assigned to it, and why. */
  waiting: readonly Readonly<{ id: string; name: string; reason: string }>[];
}>;

/** What a host says of itself that networks which span hosts depend on. */
export const hostNetworkingSchema = z.object({
  /** Network drivers that this host has, and why not where it has not (`vlan`: "Open vSwitch is not installed"). */
  drivers: z.record(z.string(), z.object({ usable: z.boolean(), reason: z.string() })),
  /** MTU of the wire at the data address, bytes. */
  wireMtu: z.number().int(),
  /** It makes a probe device for the networks that it is on; left out by agents that know of none. */
  probed: z.boolean().optional(),
  /** Another one whenever its kernel has lost its counts of packets: keys of before are not to be used again. */
  kernelLife: kernelLifeSchema.optional(),
});
export type HostNetworking = Readonly<z.infer<typeof hostNetworkingSchema>>;

/** A data path to another host, as this host has found it. */
export type HostPath = Readonly<{
  /** Milliseconds there and back; null where nothing came. */
  ms: number | null;
  reason: string;
  /** Since when it works, or does not: milliseconds since the epoch. */
  since: number;
}>;

/** What a host has told of its data paths, by the other host's ID. Never written to disk. */
export type HostPaths = Readonly<{
  kind: 'host-paths';
  id: string;
  paths: Readonly<Record<string, HostPath>>;
}>;

/** What a host has of plain docker though it is another's, as it was found last. Never written to disk. */
export type PlainRefusals = Readonly<{
  kind: 'plain-refusals';
  /** The host's ID. */
  id: string;
  /** `ip` left out: the network itself. `reason` says in a sentence who has it. */
  refused: readonly Readonly<{ network: string; ip?: string; reason: string }>[];
}>;

/** How the router of an ingress host does, as the host has told it last. Never written to disk. */
export type HostRouter = Readonly<{
  kind: 'host-router';
  /** The host's ID. */
  id: string;
  /** It takes requests. */
  serving: boolean;
  /** One sentence: what keeps it from that, or from what it is to be; empty where nothing does. */
  error: string;
  /** Number of the last change that it has said something of. */
  seq: number;
  /** Servers, as `ADDRESS PORT`, that are leaving and still have connections. */
  draining: readonly string[];
}>;

/** What is seen of a host now. Never written to disk: the agent repeats it. Owned by the link and the agent. */
export type HostStatus = Readonly<{
  kind: 'host-status';
  /** The host's ID. */
  id: string;
  state: HostState;
  /** One sentence why the host is not ready; empty when it is. */
  reason: string;
  /** Not heard of in time, for whatever reason: it may have vanished. Seconds before it is `down`. */
  silent?: boolean;
  /** It is down before its time of silence is over, since others cannot reach its machine either. */
  confirmed?: boolean;
  /** Address from which the agent connected, host:port. */
  address: string;
  /** Address at which others reach ports published on the host. */
  dataAddress: string;
  agentVersion: string;
  /** All that is on it has been reported since the manager started: what was not seen there is not there. */
  reported?: boolean;
  engine: EngineInfo | undefined;
  /** Undefined of an agent that knows nothing of networks which span hosts, or has not said yet. */
  network?: HostNetworking;
  /** Milliseconds since the epoch; 0 if never. */
  lastHeardAt: number;
  connectedAt: number;
}>;
