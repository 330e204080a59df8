import { z } from 'zod';
import { scheduleSchema } from './schedule.ts';

/** More containers than this on one service are a slip. */
export const MOST_REPLICAS = 10_000;

export const scalingMetricSchema = z.enum([
  'cpu', // per cent of what the container asks for or may use; of the host's where it says neither
  'memory', // per cent of its limit; of the host's where it has none
  'networkIn', // bytes per second
  'networkOut',
  'requests', // per second that routers lead to each container
  'latency', // milliseconds within which 95 % of them are answered
]);
export type ScalingMetric = z.infer<typeof scalingMetricSchema>;
export const SCALING_METRICS = scalingMetricSchema.options;

/** Metrics that hosts read from containers; the others are the routers'. */
export const CONTAINER_METRICS = ['cpu', 'memory', 'networkIn', 'networkOut'] as const;
export type ContainerMetric = (typeof CONTAINER_METRICS)[number];

const figure = z.number().min(0).max(Number.MAX_SAFE_INTEGER);

/** Over `above` there are more, under `below` fewer; or so many that each comes to `target`. */
export const scalingRuleSchema = z
  .object({
    metric: scalingMetricSchema,
    above: figure.optional(),
    below: figure.optional(),
    target: figure.gt(0).optional(),
  })
  .refine(({ above, below, target }) => (above ?? below ?? target) !== undefined, {
    error: 'a rule says above, below or target',
  })
  .refine(({ above, below }) => above === undefined || below === undefined || below < above, {
    error: 'below must be less than above',
  })
  .refine(({ above, below, target }) => target === undefined || (above ?? below) === undefined, {
    error: 'a rule has a target, or above and below, not both',
  })
  .refine(({ metric, target }) => metric !== 'latency' || target === undefined, {
    error: 'latency has no target: it does not fall as containers become more; say above and below',
  });
export type ScalingRule = Readonly<z.infer<typeof scalingRuleSchema>>;

const count = z.number().int().max(MOST_REPLICAS);
/** Milliseconds; what is averaged or waited for is kept in memory. */
const span = z.number().int().max(3_600_000);

/** How the number of containers follows their load. */
export const scalingSchema = z
  .object({
    kind: z.literal('scaling'),
    min: count.min(0),
    max: count.min(1),
    /** Containers more or less at a time, by rules with `above` and `below`. */
    step: count.min(1),
    rules: z.array(scalingRuleSchema).max(20),
    schedules: z.array(scheduleSchema).max(50).optional(),
    /** Over which time figures are averages. */
    periodMs: span.min(4_000).optional(),
    /** For how long there are to be more, or fewer, before it is so. */
    upAfterMs: span.min(0).optional(),
    downAfterMs: span.min(0).optional(),
  })
  .refine(({ min, max }) => min <= max, { error: 'min is more than max: lower the one or raise the other' })
  .refine(({ max, schedules = [] }) => schedules.every((one) => one.min <= max), {
    error: 'a schedule wants more than max: lower the one or raise the other',
  })
  .refine(({ rules }) => new Set(rules.map(({ metric }) => metric)).size === rules.length, {
    error: 'two rules are of the same metric: make one of them',
  });
export type Scaling = Readonly<z.infer<typeof scalingSchema>>;

/** What somebody has set beside the compose file: rules, or that there are none. */
export const scalingByHandSchema = z.discriminatedUnion('kind', [
  scalingSchema,
  z.object({ kind: z.literal('off') }),
]);

/** Averages over a minute, and three of them in a row to become more, as in Aliyun's clusters; fewer after five minutes. */
const PERIOD_MS = 60_000;
const UP_AFTER_MS = 120_000;
const DOWN_AFTER_MS = 300_000;

export type ScalingTimes = Readonly<{ periodMs: number; upAfterMs: number; downAfterMs: number }>;

export function timesOf(scaling: Scaling): ScalingTimes {
  const { periodMs = PERIOD_MS, upAfterMs = UP_AFTER_MS, downAfterMs = DOWN_AFTER_MS } = scaling;
  return { periodMs, upAfterMs, downAfterMs };
}

/** A change of the number of containers. */
export const scaleChangeSchema = z.object({
  /** Milliseconds since the epoch. */
  at: z.number(),
  from: z.number().int(),
  to: z.number().int(),
  /** A user, `autoscaler`, or `trigger:NAME`. */
  by: z.string(),
  why: z.string(),
});
export type ScaleChange = Readonly<z.infer<typeof scaleChangeSchema>>;

/** How the number of containers of a service has changed, the newest last. */
export const scaleHistorySchema = z.object({
  kind: z.literal('scale-history'),
  stack: z.string(),
  service: z.string(),
  changes: z.array(scaleChangeSchema),
});
export type ScaleHistory = Readonly<z.infer<typeof scaleHistorySchema>>;
