import { z } from 'zod';
import { fileNounSchema } from '../../model/kept-file.ts';
import { json, nothingSchema, type RouteSpec } from './route.ts';

const nounParams = z.strictObject({ noun: fileNounSchema });
const fileParams = nounParams.extend({ file: z.string().min(1).max(128) });

/** A config or secret, without its content. */
const fileSchema = z.object({
  id: z.string(),
  name: z.string(),
  labels: z.record(z.string(), z.string()),
  /** Bytes. */
  size: z.number(),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
  updatedAt: z.number(),
  createdBy: z.string(),
  /** The stack whose file it is from; empty for those that were made by name. */
  stack: z.string(),
  /** Who has it: services as `STACK/NAME`, and containers that go on with it though their service has it no more. */
  services: z.array(z.string()),
  containers: z.array(z.string()),
});
export type FileView = z.infer<typeof fileSchema>;

/** Bytes of a body in which the largest content is in base64. */
const MOST_BODY = 2 * 1024 * 1024;

/** Configs and secrets. */
export const fileRoutes = {
  'file.list': {
    method: 'GET',
    path: '/v1/files/:noun',
    role: 'viewer',
    params: nounParams,
    answer: json(z.object({ files: z.array(fileSchema) })),
  },
  /** `content`, in base64, is of configs alone, for operators: of a secret nobody is shown it. */
  'file.get': {
    method: 'GET',
    path: '/v1/files/:noun/:file',
    role: 'viewer',
    params: fileParams,
    answer: json(fileSchema.extend({ content: z.string().optional() })),
  },
  'file.create': {
    method: 'POST',
    path: '/v1/files/:noun',
    role: 'operator',
    action: 'file.create',
    params: nounParams,
    body: z.strictObject({
      name: z.string().max(128),
      /** In base64. */
      content: z.base64(),
      labels: z.record(z.string(), z.string()).default({}),
    }),
    mostBody: MOST_BODY,
    answer: json(fileSchema),
  },
  'file.remove': {
    method: 'DELETE',
    path: '/v1/files/:noun/:file',
    role: 'operator',
    action: 'file.remove',
    params: fileParams,
    answer: json(nothingSchema),
  },
  /** A new key for all that is sealed; see `docs/guide/secrets.md`. */
  'vault.rotate': {
    method: 'POST',
    path: '/v1/vault/rotate',
    role: 'admin',
    action: 'vault.rotate',
    answer: json(nothingSchema),
  },
} as const satisfies Record<string, RouteSpec>;
