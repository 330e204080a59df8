import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { FolderListing } from '../../../../src/contract/container-files.ts';
import { useWho } from '../../app/session.tsx';
import { useToasts } from '../../app/toasts.tsx';
import { useWords } from '../../i18n/text.tsx';
import { Icon } from '../../parts/icons.tsx';
import type { Dropped } from './dropped.ts';
import { uploadsOf } from './open-uploads.ts';
import { ReplaceDialog } from './replace-dialog.tsx';
import { UploadList } from './upload-list.tsx';
import { fileWords } from './words.ts';

type Asked = Readonly<{ folder: string; files: readonly File[]; there: FolderListing['entries'] }>;

/**
 * What puts files into the folder of a container that is shown: a button, what is asked before others are replaced, and the
 * list of those on their way.
 * @param listing undefined where no folder is shown
 */
export function useUploads(container: string, listing: FolderListing | undefined) {
  const w = useWords(fileWords);
  const { user } = useWho();
  const uploads = uploadsOf(user);
  const all = useSyncExternalStore(uploads.subscribe, uploads.snapshot);
  const list = useMemo(() => all.filter(({ target }) => target.container === container), [all, container]);
  const { show } = useToasts();
  const [asked, setAsked] = useState<Asked>();
  useListingAfter(container, list.filter(({ state }) => state === 'done' || state === 'failed').length);

  const send = (folder: string, files: readonly File[], replaced: ReadonlySet<string>) =>
    uploads.add(
      files.map((file) => ({
        file,
        target: { container, path: folder, name: file.name, replace: replaced.has(file.name) },
      })),
    );
  const take = ({ files, folders }: Dropped) => {
    if (listing === undefined) return;
    if (folders.length > 0)
      show({ tone: 'bad', title: w('noFolders', { names: folders.join(', ') }), text: w('noFoldersHint') });
    const names = new Set(files.map(({ name }) => name));
    const there = listing.entries.filter(({ name, kind }) => names.has(name) && isFile(kind));
    if (there.length > 0) setAsked({ folder: listing.path, files, there });
    else send(listing.path, files, new Set());
  };
  const taken = new Set(asked?.there.map(({ name }) => name));
  const others = asked?.files.filter(({ name }) => !taken.has(name)) ?? [];
  const dialog = asked !== undefined && (
    <ReplaceDialog
      folder={asked.folder}
      there={asked.there}
      others={others.length}
      onClose={() => setAsked(undefined)}
      onReplace={() => {
        send(asked.folder, asked.files, taken);
        setAsked(undefined);
      }}
      onSkip={() => {
        send(asked.folder, others, new Set());
        setAsked(undefined);
      }}
    />
  );
  return {
    take: listing === undefined ? undefined : take,
    button: <ChooseFiles onTake={listing === undefined ? undefined : take} />,
    list: (
      <UploadList uploads={uploads} list={list} here={listing?.path ?? ''} entries={listing?.entries ?? []} />
    ),
    dialog,
  };
}

function ChooseFiles({ onTake }: Readonly<{ onTake: ((dropped: Dropped) => void) | undefined }>) {
  const w = useWords(fileWords);
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={({ currentTarget }) => {
          onTake?.({ files: [...(currentTarget.files ?? [])], folders: [] });
          // The same ones may be chosen again.
          currentTarget.value = '';
        }}
      />
      <Button
        variant="default"
        leftSection={<Icon name="upload" size={16} />}
        disabled={onTake === undefined}
        onClick={() => input.current?.click()}
      >
        {w('upload')}
      </Button>
    </>
  );
}

/** Has the folder listed anew with each file that has come to its end. */
function useListingAfter(container: string, ended: number): void {
  const queries = useQueryClient();
  const before = useRef(ended);
  useEffect(() => {
    if (ended > before.current) void queries.invalidateQueries({ queryKey: ['files', container] });
    before.current = ended;
  }, [queries, container, ended]);
}

function isFile(kind: FolderListing['entries'][number]['kind']): boolean {
  return kind === 'file' || kind === 'link';
}
