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

/** Longest name of a file in Linux, bytes. */
const MOST_NAME = 255;

/** What a file in a folder may be called. */
export const fileNameSchema = z
  .string()
  .refine((name) => name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name), {
    error: (issue) => `"${String(issue.input).slice(0, 80)}" is no name for a file: it has no / in it`,
  })
  .refine((name) => new TextEncoder().encode(name).length <= MOST_NAME, {
    error: `a name has ${MOST_NAME} bytes at most, and other letters than English ones have two to four`,
  });

/** A question to the agent itself, the file's bytes behind it: to put it into a folder of a running container. */
export const PUT_FILE_PATH = '/put-file';
export const putFileQuestionSchema = z.object({
  ...{ container: folderQuestionSchema.shape.container, folder: folderQuestionSchema.shape.path },
  name: fileNameSchema,
  /** What has that name may be replaced. */
  replace: z.boolean(),
});
export type PutFileQuestion = z.infer<typeof putFileQuestionSchema>;

export const storedFileSchema = z.object({
  /** Links followed. */
  path: z.string(),
  /** Bytes. */
  size: z.number(),
});
export type StoredFile = z.infer<typeof storedFileSchema>;

/** How a file's name begins in its folder until it is whole. */
export const DRAFT_PREFIX = '.berth-upload-';
