export type Dropped = Readonly<{
  files: readonly File[];
  /** Names of folders, which a browser gives as files that cannot be read. */
  folders: readonly string[];
}>;

/** What somebody has let fall on the page. To be called in the event itself: afterwards a browser has forgotten it. */
export function droppedOn({ items, files }: DataTransfer): Dropped {
  const entries = [...items].filter(({ kind }) => kind === 'file').map((item) => item.webkitGetAsEntry());
  const folders = entries.filter((entry) => entry?.isDirectory === true).map((entry) => entry?.name ?? '');
  return { files: [...files].filter(({ name }) => !folders.includes(name)), folders };
}

/** It is files that are over the page, and no text or link. */
export function hasFiles({ types }: DataTransfer): boolean {
  return types.includes('Files');
}
