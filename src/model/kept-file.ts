import { z } from 'zod';

/** Docker's nouns: both are files of containers, and of a secret nobody is ever shown the content. */
export const fileNounSchema = z.enum(['config', 'secret']);
export type FileNoun = z.infer<typeof fileNounSchema>;

/** Docker's limits (moby: api/types/swarm; swarmkit: manager/controlapi), bytes. */
export const MOST_BYTES: Readonly<Record<FileNoun, number>> = { config: 1000 * 1024, secret: 500 * 1024 };

/** As swarmkit's rule, but longer: a stack's own ones have the stack's name before theirs. */
export const FILE_NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9_.-]{0,126}[a-zA-Z0-9])?$/;

/** A config or a secret that the cluster keeps. Its content never changes: another content is another one. */
export const keptFileSchema = z.object({
  kind: z.literal('kept-file'),
  noun: fileNounSchema,
  /** Follows from noun, name and content (`Vault.fingerprint`): 25 characters of [0-9a-z]. */
  id: z.string(),
  /** Unique among those of its noun that are not superseded. */
  name: z.string(),
  labels: z.record(z.string(), z.string()),
  /** Bytes of the content. */
  size: z.number().int(),
  /** The content, sealed by the cluster's vault for `purposeOf`. */
  sealed: z.string(),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
  updatedAt: z.number(),
  createdBy: z.string(),
  /** Counts the changes of its labels, from 1. */
  version: z.number().int(),
  /** The stack whose file it is from: it goes with that one. Undefined for those that somebody made by name. */
  stack: z.string().optional(),
  /** Its stack has another one of that name now, or none: it stays while a container or a release has it. */
  superseded: z.literal(true).optional(),
});
export type KeptFile = Readonly<z.infer<typeof keptFileSchema>>;

/** For which its content is sealed. */
export function purposeOf({ id }: Pick<KeptFile, 'id'>): string {
  return `keptFiles/${id}`;
}

/** Under which one that is not superseded is found by its name. */
export function fileNameKey(noun: FileNoun, name: string): string {
  return `${noun}/${name}`;
}

/** Where a file is in a container, and whose it is there. */
export const placeSchema = z.object({
  target: z.string().refine((path) => /^\/[^\0\n]*[^\0\n/]$/.test(path) && !path.split('/').includes('..'), {
    error: 'it must be an absolute path of a file, without ..',
  }),
  /** Numbers, as text. */
  uid: z.string().regex(/^\d{1,10}$/),
  gid: z.string().regex(/^\d{1,10}$/),
  /** Permission bits. */
  mode: z.number().int().min(0).max(0o7777),
});

/** A config or secret in a container. */
export const containerFileSchema = placeSchema.extend({
  noun: fileNounSchema,
  /** Of the `KeptFile`. */
  id: z.string(),
  name: z.string(),
});
export type ContainerFile = Readonly<z.infer<typeof containerFileSchema>>;
