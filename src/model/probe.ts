import { z } from 'zod';

const port = z.number().int().min(1).max(65_535);
const milliseconds = z.number().min(0);

/** How a host finds out whether a container does its work. */
export const probeSchema = z.object({
  kind: z.literal('probe'),
  check: z.discriminatedUnion('kind', [
    /** Healthy on 2xx and 3xx. */
    z.object({ kind: z.literal('http'), scheme: z.enum(['http', 'https']), port, path: z.string() }),
    /** Healthy where a connection opens. */
    z.object({ kind: z.literal('tcp'), port }),
    /** Healthy where it exits with 0; run in the container, without a shell. */
    z.object({ kind: z.literal('exec'), argv: z.array(z.string()).min(1) }),
    /** What the engine's own health check says (the image's, or the container's `Healthcheck`). */
    z.object({ kind: z.literal('image') }),
  ]),
  intervalMs: milliseconds,
  timeoutMs: milliseconds,
  /** So many in a row make it healthy, or unhealthy. */
  successes: z.number().int().min(1),
  failures: z.number().int().min(1),
  /** Failures within this time from the start do not count. */
  startPeriodMs: milliseconds,
});
export type Probe = Readonly<z.infer<typeof probeSchema>>;

/** How a host looks after one container: what decides that it gets requests, and what that it is started again. */
export const probesSchema = z.object({
  /** Out of routing and names while it fails. */
  readiness: probeSchema.optional(),
  /** Started again when it fails. */
  liveness: probeSchema.optional(),
});
export type Probes = Readonly<z.infer<typeof probesSchema>>;
