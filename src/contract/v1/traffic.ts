import { z } from 'zod';

const time = z.number().nullable();

/** What went through routers in the last minute, or as long as was asked for. */
export const trafficViewSchema = z.object({
  /** Milliseconds that it is of. */
  windowMs: z.number(),
  requests: z.number(),
  errors: z.number(),
  requestsPerSecond: z.number(),
  /** 0 to 1. */
  errorRate: z.number(),
  /** By class of status: 1xx to 5xx, others. */
  responses: z.array(z.number()),
  bytesIn: z.number(),
  bytesOut: z.number(),
  /** Milliseconds until responses began; null where none was measured. */
  p50: time,
  p95: time,
  p99: time,
});
export type TrafficView = z.infer<typeof trafficViewSchema>;
