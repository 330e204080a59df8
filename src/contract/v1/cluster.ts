import { z } from 'zod';
import { type AuditEntry, auditEntrySchema } from '../../model/access.ts';
import { dockerSpecSchema } from '../../model/container.ts';
import { releaseStateSchema } from '../../model/deployment.ts';
import { type Settings, settingsSchema } from '../../model/settings.ts';
import { amountSchema } from './nodes.ts';
import { json, queryNumber, type RouteSpec } from './route.ts';

// For pages, which may import no model.
export type { AuditEntry };

const warningSchema = z.object({
  /** One sentence, with the names of what it is of. */
  text: z.string(),
  /** `bad`: something does not work; `warn`: it may come to that, or waits for somebody. */
  severity: z.enum(['bad', 'warn']),
  /** What it is of: the first few by name, as the sentence has them; none where it is of the whole, or of orphans. A service is `STACK/NAME`. */
  subject: z.object({
    kind: z.enum(['host', 'service', 'route', 'certificate', 'container', 'orphan', 'cluster']),
    names: z.array(z.string()),
  }),
  /** Of how many of that kind it is true. */
  count: z.number(),
});
export type Warning = z.infer<typeof warningSchema>;

const statusSchema = z.object({
  clusterId: z.string(),
  version: z.string(),
  /** SHA-256 of the cluster's CA certificate (DER, hex): what `berth login` on another machine is given to pin it. */
  caFingerprint: z.string(),
  hosts: z.object({
    total: z.number(),
    /** Each state that a host of this manager can have, also with 0. */
    byState: z.record(z.string(), z.number()),
    cordoned: z.number(),
  }),
  containers: z.object({
    /** Made through the cluster. */
    managed: z.number(),
    /** Made past it, on a host's own engine. */
    unmanaged: z.number(),
    /**
     * Managed ones by Docker's words; `unreachable` are those whose host does not answer, `finished` runs of jobs that have
     * ended well and are kept for their log.
     */
    byState: z.record(z.string(), z.number()),
  }),
  /** Of the hosts that are ready. */
  capacity: amountSchema,
  /** What the containers on those hosts have asked for. */
  reserved: amountSchema,
  /** What wants the operator's eye, one sentence each; where there are more, the last one says how many things they are of. */
  warnings: z.array(z.string()),
  /** The same with more about each, the worst first; absent from older managers. */
  warningDetails: z
    .object({
      /** Of how many things there is a warning, those that are not listed too. */
      total: z.number(),
      listed: z.array(warningSchema),
    })
    .optional(),
});
export type Status = z.infer<typeof statusSchema>;

type SettingsPatch = { [K in keyof Settings]?: Settings[K] | null };

/** The settings without their defaults: what is left out stays as it is, null goes back to the default. */
const settingsPatchSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(settingsSchema.shape).map(([key, field]) => [key, field.unwrap().nullable().optional()]),
  ),
) as unknown as z.ZodObject<{ [K in keyof Settings]: z.ZodOptional<z.ZodType<Settings[K] | null>> }> &
  z.ZodType<SettingsPatch, SettingsPatch>;

const settingsAnswer = z.object({
  settings: settingsSchema,
  /** Another one after each change. */
  version: z.string().default(''),
});
export type SettingsAnswer = z.infer<typeof settingsAnswer>;

const planSchema = z.object({
  /** One for each container that was asked for, in the order in which they would be placed. */
  placements: z.array(
    z.object({
      name: z.string(),
      /** Absent where no host was found; then `refusal` says why. */
      hostId: z.string().optional(),
      hostName: z.string().optional(),
      refusal: z.string().optional(),
    }),
  ),
  /** Every host as the first of the containers sees it, best first. */
  hosts: z.array(
    z.object({
      hostId: z.string(),
      hostName: z.string(),
      fits: z.boolean(),
      reasons: z.array(z.string()),
      score: z.number().optional(),
    }),
  ),
  /** True where no host that would fit has the image: the plan is the one after a pull. */
  imageMissing: z.boolean().optional(),
});
export type Plan = z.infer<typeof planSchema>;

/** What changed in the store, in short; read the thing itself for more. */
export const changeEventSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('node'),
    change: z.enum(['added', 'changed', 'removed']),
    id: z.string(),
    name: z.string(),
    state: z.string(),
    cordoned: z.boolean(),
    reason: z.string(),
  }),
  z.object({
    kind: z.literal('container'),
    change: z.enum(['added', 'changed', 'removed']),
    /** Cluster ID, or the engine's for one that Berth did not make. */
    id: z.string(),
    name: z.string(),
    managed: z.boolean(),
    hostId: z.string(),
    /** Docker's word, or `pending` where the host has not reported it yet. */
    state: z.string(),
    /** `none` where nothing checks it. */
    health: z.string().optional(),
    image: z.string(),
    /** When its process began, milliseconds: by it a restart is told that is over before its host reports; 0 where it never ran. */
    startedAt: z.number().optional(),
  }),
  z.object({
    kind: z.literal('stack'),
    change: z.enum(['added', 'changed', 'removed']),
    name: z.string(),
    generation: z.number(),
    removing: z.boolean(),
  }),
  z.object({
    kind: z.literal('service'),
    change: z.enum(['added', 'changed', 'removed']),
    stack: z.string(),
    name: z.string(),
    wanted: z.number(),
    ready: z.number(),
    /** Of the release that is wanted, and ready. */
    current: z.number(),
    release: z.number(),
    /** Of that release. */
    state: releaseStateSchema,
    /** Why it goes no further, in one line; empty where nothing holds it up. */
    reason: z.string(),
  }),
  z.object({
    kind: z.literal('certificate'),
    change: z.enum(['added', 'changed', 'removed']),
    name: z.string(),
    /** End of what routers show, milliseconds; absent where there is nothing yet. */
    until: z.number().optional(),
    /** It ends soon, or is not to be had: a line, with what to do; empty where it is well. */
    worry: z.string(),
  }),
  /** Of the cluster's, not of those that one host has of its own. */
  z.object({
    kind: z.enum(['network', 'volume']),
    change: z.enum(['added', 'changed', 'removed']),
    name: z.string(),
    /** The host that it lives on; empty where it is on none yet, or spans them. */
    hostId: z.string(),
  }),
  /** Events were missed (the manager restarted, or was too far ahead): read everything again, then go on. */
  z.object({ kind: z.literal('reset') }),
]);
export type ChangeEvent = z.infer<typeof changeEventSchema>;
/** What of a change event has happened to something. */
export type ToldEvent = Exclude<ChangeEvent, { kind: 'reset' }>;

const pastEventSchema = z.object({
  /** As the stream numbers them. */
  id: z.string(),
  /** Milliseconds since the epoch, by the manager's clock. */
  at: z.number(),
  event: changeEventSchema,
});
export type PastEvent = z.infer<typeof pastEventSchema>;

export const clusterRoutes = {
  'cluster.status': {
    method: 'GET',
    path: '/v1/status',
    role: 'viewer',
    query: z.strictObject({
      /** So many warnings are listed at most; 20 unless told. */
      warnings: queryNumber.pipe(z.number().min(1).max(1000)).optional(),
    }),
    answer: json(statusSchema),
  },
  'settings.get': {
    method: 'GET',
    path: '/v1/settings',
    role: 'viewer',
    answer: json(settingsAnswer),
  },
  'settings.patch': {
    method: 'PATCH',
    path: '/v1/settings',
    role: 'admin',
    action: 'settings.change',
    query: z.strictObject({
      /** `version` of the settings that the change was made from: where they are others by now, it is refused. */
      ifVersion: z.string().max(64).optional(),
    }),
    body: settingsPatchSchema,
    answer: json(settingsAnswer),
  },
  /** Newest first. */
  'audit.list': {
    method: 'GET',
    path: '/v1/audit',
    role: 'admin',
    query: z.strictObject({
      /** Milliseconds since the epoch. */
      since: queryNumber.optional(),
      /** Before it, milliseconds since the epoch. */
      until: queryNumber.optional(),
      user: z.string().max(64).optional(),
      /** A part of what it was done to, in any case. */
      target: z.string().max(256).optional(),
      /** `failed`: whatever is not `ok`, refusals too. */
      result: z.enum(['ok', 'failed']).optional(),
      /** The whole action, or its beginning with `*` behind it: `container.*`. */
      action: z.string().max(64).optional(),
      /** 100 unless told, 1000 at most. */
      limit: queryNumber.pipe(z.number().min(1).max(1000)).optional(),
      /** `next` of the page before. */
      cursor: z.string().max(64).optional(),
    }),
    answer: json(z.object({ entries: z.array(auditEntrySchema), next: z.string().optional() })),
  },
  /** Where containers would go; nothing is created. */
  'plan.make': {
    method: 'POST',
    path: '/v1/plan',
    role: 'viewer',
    body: z.strictObject({
      /** As the body of Docker's `POST /containers/create`. */
      spec: dockerSpecSchema,
      name: z.string().min(1).max(128).default('plan'),
      /** The cluster's own unless told. */
      strategy: z.string().max(64).optional(),
      count: z.number().int().min(1).max(100).default(1),
    }),
    answer: json(planSchema),
  },
  /** The newest that the manager still knows, newest first: some thousands, of since it started. */
  'events.list': {
    method: 'GET',
    path: '/v1/events/past',
    role: 'viewer',
    query: z.strictObject({
      kind: z.enum(['node', 'container', 'stack', 'service', 'certificate', 'network', 'volume']).optional(),
      /** ID of the host that it is of. */
      host: z.string().max(64).optional(),
      /** A part of its name or image, in any case. */
      text: z.string().max(256).optional(),
      /** 100 unless told, 1000 at most. */
      limit: queryNumber.pipe(z.number().min(1).max(1000)).optional(),
      /** `next` of the page before. */
      cursor: z.string().max(64).optional(),
    }),
    answer: json(z.object({ events: z.array(pastEventSchema), next: z.string().optional() })),
  },
  /** Resumable: send the ID of the last event that was read as `Last-Event-ID`. */
  'events.watch': {
    method: 'GET',
    path: '/v1/events',
    role: 'viewer',
    answer: { type: 'events', schema: changeEventSchema },
  },
} as const satisfies Record<string, RouteSpec>;
