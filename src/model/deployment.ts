import { z } from 'zod';
import { scalingByHandSchema } from './scaling.ts';
import { serviceSchema } from './service.ts';
import { type StackNetwork, stackNetworkSchema, stackSchema } from './stack.ts';

/** How a release goes. It moves forward only: what is done, superseded or rolled back stays so. */
export const releaseStateSchema = z.enum([
  'releasing', // containers of it take the place of those before it
  'waiting', // both versions serve: for a user to confirm it, or to go back
  'confirmed', // all requests go to it, and those before it go
  'paused', // by a user, or by its policy after failures: those before it are left as they are
  'done', // all containers are of this release, and have proved themselves
  'failed', // a job that ended with an error, or a first container that did and is not to be started again
  'superseded', // another release came before it was done
  'rolled-back', // it failed, and its policy brought the one before it back
]);
export type ReleaseState = z.infer<typeof releaseStateSchema>;

/** A stack as somebody has deployed it. */
export const stackRecordSchema = z.object({
  kind: z.literal('stack-record'),
  name: z.string(),
  stack: stackSchema,
  /** Counts the deployments that have changed something, from 1. */
  generation: z.number().int(),
  /** Of the last deployment: milliseconds since the epoch, and the user. */
  at: z.number(),
  by: z.string(),
  /** It is being taken away: its containers, then its networks, then this record. Volumes stay. */
  removing: z.boolean().optional(),
  /** Networks of its earlier files that are still there, or that a release which may be gone back to has. */
  formerNetworks: z.array(stackNetworkSchema).optional(),
});
export type StackRecord = Readonly<z.infer<typeof stackRecordSchema>>;

/** The stack's networks, and those of its earlier files behind them. */
export function allNetworks({ stack, formerNetworks = [] }: StackRecord): readonly StackNetwork[] {
  return [...stack.networks, ...formerNetworks];
}

/** A service of a stack; desired is the user's, and `scale` too. */
export const serviceRecordSchema = z.object({
  kind: z.literal('service-record'),
  stack: z.string(),
  name: z.string(),
  service: serviceSchema,
  /** Containers, set by hand or by the autoscaler; null: as the compose file says. */
  scale: z.number().int().nullable(),
  /** How it scales by itself, set by hand; undefined: as the compose file says. */
  scaling: scalingByHandSchema.optional(),
  /** Counts every change of the three above, from 1. */
  generation: z.number().int(),
  /** Number of the release that is wanted. */
  release: z.number().int(),
  /** Of a job with times: those up to this one have been run or told of, milliseconds since the epoch. */
  checkedAt: z.number().optional(),
  removing: z.boolean().optional(),
});
export type ServiceRecord = Readonly<z.infer<typeof serviceRecordSchema>>;

export const fieldChangeSchema = z.object({
  field: z.string(),
  /** Undefined: it was not there, or is no more. */
  before: z.unknown().optional(),
  after: z.unknown().optional(),
});

/** How requests are shared while two versions serve at once. */
export const shiftSchema = z.object({
  /** Per cent of the requests that go to the new version. */
  weight: z.number().int().min(0).max(100),
  /** Index of the step of its policy that this is; -1: of none. */
  step: z.number().int(),
  /** Since when: milliseconds since the epoch. */
  since: z.number(),
});
export type Shift = Readonly<z.infer<typeof shiftSchema>>;

/** One version of a service going out. */
export const releaseRecordSchema = z.object({
  kind: z.literal('release-record'),
  stack: z.string(),
  service: z.string(),
  /** From 1, in the order of the service's releases. */
  number: z.number().int(),
  /**
   * What its containers are made from. Once another release has begun, with what was deployed without one while this was
   * the wanted one, and with the number that was set by hand.
   */
  spec: serviceSchema,
  at: z.number(),
  by: z.string(),
  /** What came: `deploy`, `restart`, `redeploy` (its image is pulled anew), or a `rollback` to the release `to`. */
  cause: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('deploy') }),
    z.object({ kind: z.literal('restart') }),
    z.object({ kind: z.literal('redeploy') }),
    z.object({ kind: z.literal('rollback'), to: z.number().int(), automatic: z.boolean() }),
  ]),
  /** Against what the service was until then. */
  changes: z.array(fieldChangeSchema),
  state: releaseStateSchema,
  /** Why it is in that state, in one line; empty where there is nothing to say. */
  reason: z.string(),
  /** Indexes whose new container has failed within its monitor time. */
  failed: z.array(z.number().int()),
  /** Until it is done; left out where containers alone decide: each gets the same. */
  shift: shiftSchema.optional(),
});
export type ReleaseRecord = Readonly<z.infer<typeof releaseRecordSchema>>;

/** What is seen of a service; made anew by each manager and never on disk. */
export const serviceStatusSchema = z.object({
  kind: z.literal('service-status'),
  stack: z.string(),
  name: z.string(),
  /** Containers that are wanted; of a job, ends. */
  wanted: z.number().int(),
  /** Of all releases, and those that do their work, or have ended well where nobody is to start them again. */
  running: z.number().int(),
  ready: z.number().int(),
  /** Of the release that is wanted, and ready. */
  current: z.number().int(),
  /** Why it goes no further now, in one line; empty where nothing holds it up. */
  waiting: z.string(),
  /**
   * It has nothing to go back to, and is not whole though there was time enough: of which generation of its record that is
   * true, and why, in one line. It is tried on.
   */
  overdue: z.object({ generation: z.number().int(), reason: z.string() }).optional(),
});
export type ServiceStatus = Readonly<z.infer<typeof serviceStatusSchema>>;

/** So many releases of a service are kept, the newest. */
export const KEPT_RELEASES = 20;

/** Key of a service's record, and of its containers. */
export function serviceKey(stack: string, service: string): string {
  return `${stack}/${service}`;
}

/** Key of a release's record. */
export function releaseKey(stack: string, service: string, number: number): string {
  return `${stack}/${service}/${number}`;
}
