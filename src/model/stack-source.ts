import { z } from 'zod';

/** Characters of all texts of a source that is kept; a larger one is deployed, but cannot be edited later. */
export const MOST_SOURCE = 1024 * 1024;

/** As it stands in the source: seen from its folder, or absolute. No file of the manager is meant by it. */
export const sourcePathSchema = z
  .string()
  .min(1)
  .max(1024)
  .refine((path) => !/[\0\n\r]/.test(path), { error: 'it is one line without NUL' });

/** The compose files of a stack as somebody has written them, with what they name; contents of configs and secrets are no part of it. */
export const stackSourceSchema = z.strictObject({
  /** Absolute: relative paths are seen from it. It need not be anywhere. */
  folder: sourcePathSchema.refine((path) => path.startsWith('/'), { error: 'it begins with /' }),
  /** Paths of compose files; each goes over the ones before it. */
  compose: z.array(sourcePathSchema).min(1).max(20),
  /** These, and files that they include, extend, or take variables and labels from. */
  files: z.array(z.strictObject({ path: sourcePathSchema, text: z.string() })).max(200),
  /** Variables that are put in, as an env file. */
  variables: z.string(),
  profiles: z.array(z.string().max(128)).max(100),
});
export type StackSource = Readonly<z.infer<typeof stackSourceSchema>>;

/** The source with which a stack was last deployed. Variables may be anything: it is sealed. */
export const stackSourceRecordSchema = z.object({
  kind: z.literal('stack-source'),
  stack: z.string(),
  /** The stack's generation that it has made; the stack may have been changed in another way since. */
  generation: z.number().int(),
  /** A `StackSource` in JSON, sealed by the cluster's vault for `sourcePurpose`. */
  sealed: z.string(),
});
export type StackSourceRecord = Readonly<z.infer<typeof stackSourceRecordSchema>>;

/** For which it is sealed. */
export function sourcePurpose({ stack }: Pick<StackSourceRecord, 'stack'>): string {
  return `stackSources/${stack}`;
}

/** Characters of all that is in it. */
export function sourceSize({ files, variables }: Pick<StackSource, 'files' | 'variables'>): number {
  return files.reduce((sum, { text }) => sum + text.length, variables.length);
}
