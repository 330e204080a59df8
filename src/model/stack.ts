import { z } from 'zod';
import { networkSchema, volumeSchema } from './objects.ts';
import { serviceSchema } from './service.ts';

/** Docker Compose's rule for project names. */
export const STACK_NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** A network of the stack; `external` ones are there already and are not taken away with it. */
export const stackNetworkSchema = z.object({
  kind: z.literal('stack-network'),
  /** By which the file speaks of it. */
  key: z.string(),
  external: z.boolean(),
  spec: networkSchema.shape.spec,
});
export type StackNetwork = Readonly<z.infer<typeof stackNetworkSchema>>;

export const stackVolumeSchema = z.object({
  kind: z.literal('stack-volume'),
  key: z.string(),
  external: z.boolean(),
  spec: volumeSchema.shape.spec,
});
export type StackVolume = Readonly<z.infer<typeof stackVolumeSchema>>;

/** A config or a secret. */
export const stackFileSchema = z.object({
  kind: z.enum(['stack-config', 'stack-secret']),
  key: z.string(),
  name: z.string(),
  labels: z.record(z.string(), z.string()),
  content: z.discriminatedUnion('kind', [
    /** It is in the cluster already, by its name. */
    z.object({ kind: z.literal('external') }),
    z.object({ kind: z.literal('text'), text: z.string() }),
    /** What is no text in UTF-8. */
    z.object({ kind: z.literal('base64'), data: z.base64() }),
    /** The cluster keeps it, by its ID, which tells nothing of it; of a stack that is deployed. */
    z.object({ kind: z.literal('kept'), id: z.string() }),
  ]),
});
export type StackFile = Readonly<z.infer<typeof stackFileSchema>>;

/** Something outside of the cluster by a name: services of the stack reach it as `name`. */
export const externalTargetSchema = z.object({
  kind: z.literal('external-target'),
  name: z.string(),
  /** Names or addresses. */
  hosts: z.array(z.string()),
  ports: z.array(z.number().int().min(1).max(65_535)),
});
export type ExternalTarget = Readonly<z.infer<typeof externalTargetSchema>>;

/** What compose files come to: everything that a deployment makes. */
export const stackSchema = z.object({
  kind: z.literal('stack'),
  name: z.string().regex(STACK_NAME),
  /** Sorted by name, as are the others by key. */
  services: z.array(serviceSchema),
  externals: z.array(externalTargetSchema),
  networks: z.array(stackNetworkSchema),
  volumes: z.array(stackVolumeSchema),
  configs: z.array(stackFileSchema),
  secrets: z.array(stackFileSchema),
});
export type Stack = Readonly<z.infer<typeof stackSchema>>;
