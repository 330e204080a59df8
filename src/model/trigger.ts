import { z } from 'zod';
import { MOST_REPLICAS } from './scaling.ts';

const count = z.number().int().max(MOST_REPLICAS);

/** What a trigger does; one that scales does not go beyond its limits. */
export const triggerActionSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('redeploy') }),
    z.object({ kind: z.literal('scale'), min: count.min(0), max: count.min(1) }),
  ])
  .refine((action) => action.kind !== 'scale' || action.min <= action.max, {
    error: 'min is more than max: lower the one or raise the other',
  });
export type TriggerAction = Readonly<z.infer<typeof triggerActionSchema>>;

export const triggerNameSchema = z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,31}$/, {
  error: (issue) =>
    `"${String(issue.input)}" is not a name of a trigger: 1 to 32 of a-z 0-9 _ . -, beginning with a letter or digit`,
});

/** What came of a delivery: the release that it began, or how the number of containers changed. */
export const triggeredSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('redeploy'), release: z.number().int() }),
  z.object({ kind: z.literal('scale'), from: z.number().int(), to: z.number().int() }),
]);
export type Triggered = Readonly<z.infer<typeof triggeredSchema>>;

/** A URL that does one thing to one service, for whoever has its token. Only the token's SHA-256 is kept. */
export const triggerSchema = z.object({
  kind: z.literal('trigger'),
  id: z.string(),
  stack: z.string(),
  service: z.string(),
  /** Unique among those of its service. */
  name: triggerNameSchema,
  action: triggerActionSchema,
  tokenHash: z.string(),
  createdAt: z.number(),
  createdBy: z.string(),
  /** Deliveries that have done something, the newest last. */
  deliveries: z.array(
    z.object({
      at: z.number(),
      /** SHA-256 of its `Idempotency-Key`, where it had one. */
      keyHash: z.string().optional(),
      did: triggeredSchema,
    }),
  ),
});
export type Trigger = Readonly<z.infer<typeof triggerSchema>>;

/** So many deliveries of a trigger are remembered. */
export const KEPT_DELIVERIES = 20;

/** Who releases and scales in its name; no user is called so. */
export function triggerAuthor({ name }: Pick<Trigger, 'name'>): string {
  return `trigger:${name}`;
}
