import { z } from 'zod';
import { ipSchema } from './span.ts';

const port = z.number().int().min(1).max(65_535);

/** What is to be tried from within a container's network namespace. */
export const lookAskSchema = z.object({
  /** The engine's ID of a container that runs on this host. */
  container: z.string().min(1).max(256),
  /** Asked of the name servers that the container has. */
  name: z.string().min(1).max(255).optional(),
  /** TCP connections to be opened, at the same time, and closed at once. */
  dial: z.object({ address: ipSchema, ports: z.array(port).min(1).max(4) }).optional(),
});
export type LookAsk = Readonly<z.infer<typeof lookAskSchema>>;

const foundNameSchema = z.object({
  /** Those that were asked, addresses. */
  servers: z.array(z.string()),
  /** found · none: there is no such name, or it has no address · silent: no server has answered · failed: see `reason`. */
  state: z.enum(['found', 'none', 'silent', 'failed']),
  addresses: z.array(z.string()),
  reason: z.string(),
});
export type FoundName = Readonly<z.infer<typeof foundNameSchema>>;

const dialedSchema = z.object({
  port,
  /**
   * open · refused: the other end has said that nobody listens · silent: nothing came back · unreachable: nobody has the
   * address, or no way leads there; see `reason`.
   */
  state: z.enum(['open', 'refused', 'silent', 'unreachable']),
  /** Until that was known. */
  ms: z.number(),
  reason: z.string(),
});
export type Dialed = Readonly<z.infer<typeof dialedSchema>>;

export const lookAnswerSchema = z.object({
  name: foundNameSchema.optional(),
  dialed: z.array(dialedSchema),
  /** Where processes of the container's network wait for TCP connections. */
  listening: z.array(z.object({ address: z.string(), port })),
  /** There are more than are told. */
  isCut: z.boolean().optional(),
});
export type LookAnswer = Readonly<z.infer<typeof lookAnswerSchema>>;
