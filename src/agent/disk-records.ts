import { z } from 'zod';
import { assignmentSchema, resumePointSchema } from '../contract/link.ts';
import { desiredStateSchema, probeResultSchema } from '../model/container.ts';
import { NO_COMEBACK } from './holding.ts';

const actedSchema = z.object({
  generation: z.number(),
  starts: z.number(),
  state: desiredStateSchema.optional(),
  engineId: z.string().optional(),
  refused: z.object({ status: z.number(), message: z.string() }).optional(),
});
const comebackSchema = z.object({
  count: z.number(),
  short: z.number(),
  end: z.string().optional(),
  at: z.number(),
  stays: z.enum(['done', 'held']).optional(),
  stuck: z.literal(true).optional(),
});
const verdictSchema = z.object({
  health: z.enum(['starting', 'healthy', 'unhealthy']),
  since: z.number(),
  results: z.array(probeResultSchema).readonly(),
});
const probedSchema = z.object({
  run: z.string(),
  readiness: verdictSchema.optional(),
  liveness: verdictSchema.optional(),
  restarts: z.number(),
  starts: z.number(),
  short: z.number(),
  at: z.number(),
});
export const holdingSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('hold'),
    assignment: assignmentSchema,
    startedBefore: z.number(),
    acted: actedSchema,
    // Absent in files of an earlier version.
    comeback: comebackSchema.default(NO_COMEBACK),
    probed: probedSchema.optional(),
    orphan: z.literal(true).optional(),
  }),
  z.object({ kind: z.literal('purge'), id: z.string(), name: z.string() }),
]);

/** Whose assignments these are, and how far they go. */
export const stateSchema = z.object({
  clusterId: z.string(),
  hostId: z.string(),
  resume: resumePointSchema.optional(),
  /** A snapshot came, and what the engine has beyond it has not been looked for yet. */
  orphansDue: z.boolean().optional(),
  /** The newest state of the manager's that was heard of; unlike `resume` it is kept whatever happens to the files. */
  seen: resumePointSchema.optional(),
  /** A snapshot of a state that was put back came, and what the engine has beyond it has not been looked for yet. */
  sparesDue: z.boolean().optional(),
  /** Containers of the cluster, by ID, that are on the engine and were in no file when that was looked for: not to be removed. */
  spared: z.array(z.string()).optional(),
  /** The engine that was seen last, for the machine's ID while it does not answer. */
  engineId: z.string().optional(),
});
export type AgentState = Readonly<z.infer<typeof stateSchema>>;

const changeSchema = z.object({
  acted: actedSchema.optional(),
  comeback: comebackSchema.optional(),
  probed: probedSchema.optional(),
  startedBefore: z.number().optional(),
});
export type HoldChange = Readonly<z.infer<typeof changeSchema>>;

/** One line of the journal: what has changed since the files were written. */
const lineSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('set'), holding: holdingSchema }),
  z.object({ op: z.literal('change'), id: z.string(), change: changeSchema }),
  z.object({ op: z.literal('drop'), id: z.string() }),
  /** The whole of it, as what it says belongs together. */
  z.object({ op: z.literal('state'), state: stateSchema }),
]);
export type Line = Readonly<z.infer<typeof lineSchema>>;

export function lineOf(line: Line): string {
  return JSON.stringify(line);
}

export function parsedLine(text: string): Line | undefined {
  try {
    return lineSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
