import { z } from 'zod';
import { fileNameSchema, folderListingSchema, storedFileSchema } from '../container-files.ts';
import { json, queryFlag, type RouteSpec } from './route.ts';

const params = z.strictObject({ container: z.string().min(1).max(256) });
const path = z
  .string()
  .max(4096)
  .regex(/^\//, { error: (issue) => `"${String(issue.input)}" is no absolute path: it begins with /` });

/** Files may hold secrets: all of these want the role that may exec. */
export const containerFileRoutes = {
  /** What is in a folder of a container that runs; its image needs no program for that. */
  'container.files': {
    method: 'GET',
    path: '/v1/containers/:container/files',
    role: 'operator',
    params,
    query: z.strictObject({ path }),
    answer: json(folderListingSchema),
  },
  /** A ticket with which `/v1/download` has the file, or the folder as a tar: once, within 30 s, by whoever has it. */
  'container.download': {
    method: 'POST',
    path: '/v1/containers/:container/download',
    role: 'operator',
    action: 'container.download',
    params,
    body: z.strictObject({ path }),
    answer: json(
      z.object({
        ticket: z.string(),
        name: z.string(),
        /** Bytes; of a folder nobody knows before. */
        size: z.number().optional(),
      }),
    ),
  },
  /** For a browser, which sends no header of ours when it saves a file; its ticket stands for who has asked. */
  'container.fetch': {
    method: 'GET',
    path: '/v1/download',
    role: 'public',
    query: z.strictObject({ ticket: z.string().min(1).max(128) }),
    answer: { type: 'stream', contentType: 'application/octet-stream' },
  },
  /**
   * Puts a file, which is the body, into a folder of a container that runs. What has its name already is replaced only where
   * `replace` says so, and once all of it has come: what breaks off leaves things as they were.
   */
  'container.upload': {
    method: 'PUT',
    path: '/v1/containers/:container/files',
    role: 'operator',
    action: 'container.upload',
    params,
    query: z.strictObject({ path, name: fileNameSchema, replace: queryFlag.optional() }),
    takes: 'bytes',
    answer: json(storedFileSchema),
  },
} as const satisfies Record<string, RouteSpec>;
