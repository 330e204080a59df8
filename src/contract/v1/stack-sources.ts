import { z } from 'zod';
import { stackSchema } from '../../model/stack.ts';
import { sourcePathSchema, stackSourceSchema } from '../../model/stack-source.ts';
import { json, type RouteSpec } from './route.ts';
import { deployedSchema, diffSchema, expectSchema, stackParams } from './services.ts';

const sentSchema = {
  source: stackSourceSchema,
  /** Files of configs and secrets, in base64; those that are left out stay as the cluster keeps them. */
  contents: z
    .array(z.strictObject({ path: sourcePathSchema, content: z.base64() }))
    .max(200)
    .default([]),
};
/** Bytes: compose files are small; contents of configs and secrets come in base64. */
const MOST_SENT = 6 * 1024 * 1024;

const composeProblemSchema = z.object({
  severity: z.enum(['error', 'warning']),
  /** As the source names it. */
  file: z.string(),
  /** From 1. */
  line: z.number(),
  column: z.number(),
  /** `services.web.ports[0]`; empty for the whole file. */
  key: z.string(),
  message: z.string(),
});
export type ComposeProblem = z.infer<typeof composeProblemSchema>;

const deploymentSchema = z.object({
  /** Counts the stack's changes, from 1. */
  generation: z.number(),
  /** Milliseconds since the epoch. */
  at: z.number(),
  by: z.string(),
});

/** Stacks by the text of their compose files, which the manager reads: of a file it has what was sent along, and no more. */
export const stackSourceRoutes = {
  /** What is wrong with the files, and what their deployment would change. Nothing is done. */
  'stack.check': {
    method: 'POST',
    path: '/v1/stacks/:stack/check',
    role: 'operator',
    params: stackParams,
    body: z.strictObject(sentSchema),
    mostBody: MOST_SENT,
    answer: json(
      z.object({
        /** The stack that is there now. */
        current: deploymentSchema.nullable(),
        problems: z.array(composeProblemSchema),
        /** Files that are named and were not sent; without an error the stack does without them, or they are kept. */
        absent: z.array(z.string()),
        /** Null where the files are no stack, or the cluster refuses it. */
        diff: diffSchema.nullable(),
        /** Why the cluster would refuse it, one sentence each. */
        refusals: z.array(z.string()),
        /** What the cluster does not do of it, one sentence each. */
        warnings: z.array(z.string()),
        /** The stack, without contents of configs and secrets. */
        spec: stackSchema.nullable(),
      }),
    ),
  },
  /** As `stack.deploy`, of the files themselves. Mistakes in them are told by the first one; `stack.check` has all. */
  'stack.apply': {
    method: 'POST',
    path: '/v1/stacks/:stack/apply',
    role: 'operator',
    action: 'stack.deploy',
    params: stackParams,
    body: z.strictObject({ ...sentSchema, expect: expectSchema }),
    mostBody: MOST_SENT,
    answer: json(deployedSchema),
  },
  /** The files with which the stack was deployed; null where they did not come along. They may hold anything: for operators. */
  'stack.source': {
    method: 'GET',
    path: '/v1/stacks/:stack/source',
    role: 'operator',
    params: stackParams,
    answer: json(
      deploymentSchema.extend({
        source: stackSourceSchema.nullable(),
        /** Generation that the source has made; the stack has been changed in another way where it is another one. */
        of: z.number().nullable(),
      }),
    ),
  },
  /** What compose files may have in them. */
  'compose.schema': {
    method: 'GET',
    path: '/v1/compose-schema',
    role: 'viewer',
    answer: json(
      z.object({
        /** The Compose Specification's JSON Schema, draft 7. */
        schema: z.record(z.string(), z.unknown()),
        /** Labels that mean something here: behind `berth.`; `*` stands for a port or a name. */
        labels: z.array(z.object({ name: z.string(), words: z.string() })),
      }),
    ),
  },
} as const satisfies Record<string, RouteSpec>;
