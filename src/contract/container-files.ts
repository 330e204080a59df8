import { z } from 'zod';

/** Most entries of a folder that are listed. */
export const MOST_ENTRIES = 4000;

export const folderEntrySchema = z.object({
  name: z.string(),
  kind: z.enum(['file', 'folder', 'link', 'other']),
  /** Bytes. */
  size: z.number(),
  /** The twelve lower bits. */
  mode: z.number(),
  uid: z.number(),
  gid: z.number(),
  /** Milliseconds since the epoch. */
  changedAt: z.number(),
  /** Of a link. */
  target: z.string().optional(),
  /** The name is bytes that are no UTF-8, shown as near as can be: it cannot be asked for. */
  isNoText: z.boolean().optional(),
});
export type FolderEntry = z.infer<typeof folderEntrySchema>;

export const folderListingSchema = z.object({
  /** Where the path leads, links followed. */
  path: z.string(),
  /** In no order. */
  entries: z.array(folderEntrySchema),
  /** There are more than were listed. */
  isCut: z.boolean(),
});
export type FolderListing = z.infer<typeof folderListingSchema>;

/** A question to the agent itself: what is in a folder of a running container. */
export const FOLDER_PATH = '/folder';
export const folderQuestionSchema = z.object({
  /** The engine's ID. */
  container: z.string().regex(/^[0-9a-f]{64}$/),
  path: z.string().startsWith('/').max(4096),
});
