import { z } from 'zod';
import { desiredSchema } from './container.ts';
import { containerFileSchema } from './kept-file.ts';
import { probesSchema } from './probe.ts';
import { endpointSchema, spanSchema } from './span.ts';

/**
 * One start of the manager on its state. Together they are the history of that state: what an agent has seen, and is not in
 * it, was seen of a state that a backup has taken the place of.
 */
export const lifeSchema = z.object({
  kind: z.literal('life'),
  id: z.string(),
  /** The revision of the state that it began with (`Store.revision`). */
  since: z.number(),
  /** Milliseconds since the epoch. */
  startedAt: z.number(),
});
export type Life = Readonly<z.infer<typeof lifeSchema>>;

/** What a host holds of a container beside its ID and name. */
export const heldSchema = z.object({
  apiVersion: z.string(),
  desired: desiredSchema,
  probes: probesSchema.optional(),
  /** Networks and volumes that must be on the host before the container is made; made by the agent where missing. */
  needs: z.object({
    networks: z.array(
      z.object({
        id: z.string(),
        spec: z.looseObject({ Name: z.string() }),
        /** Of a network that spans hosts, and what this container has in it. */
        span: spanSchema.optional(),
        endpoint: endpointSchema.optional(),
      }),
    ),
    volumes: z.array(z.object({ spec: z.looseObject({ Name: z.string() }) })),
    /** From version 6 of the link on: configs and secrets, whose contents the host asks for where it has them not. */
    files: z.array(containerFileSchema).optional(),
  }),
});

/**
 * A container that a host had been given by a newer state than the manager's: it runs on there, and waits for somebody to
 * say what is to become of it. The agent repeats it; what it told last is kept meanwhile.
 */
export const orphanSchema = z.object({
  /** Cluster ID. */
  id: z.string(),
  name: z.string(),
  /** Undefined where the host knows of it by the engine's labels alone. */
  held: heldSchema.optional(),
});
export type Orphan = Readonly<z.infer<typeof orphanSchema> & { kind: 'orphan'; hostId: string }>;
