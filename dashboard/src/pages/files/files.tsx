import { ActionIcon, Button, Loader, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useMemo, useState } from 'react';
import type { FolderEntry } from '../../../../src/contract/container-files.ts';
import type { ContainerView } from '../../../../src/contract/v1/containers.ts';
import { useMay, useWho } from '../../app/session.tsx';
import { useToasts } from '../../app/toasts.tsx';
import { client } from '../../cluster/client.ts';
import { useLanguage, useText, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { bytesText, shellWord } from '../../parts/format.ts';
import { Icon } from '../../parts/icons.tsx';
import { Problem } from '../../parts/problem.tsx';
import { problemToast } from '../../parts/problem-text.ts';
import { wordOf } from '../../parts/state.tsx';
import { Ago } from '../../parts/time.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { DropZone } from './drop-zone.tsx';
import './files.css';
import { cleanPath, modeText, sorted, within } from './paths.ts';
import { useUploads } from './upload-files.tsx';
import { fileWords } from './words.ts';

type Props = Readonly<{
  container: ContainerView;
  /** Says why nobody knows whether it runs; undefined where that is known. */
  unknown: string | undefined;
}>;

/** What is in a container, folder by folder, and to be had from it. */
export function FilesPanel(props: Props) {
  const t = useText();
  const may = useMay();
  const { role } = useWho();
  if (may('operator')) return <Files {...props} />;
  const needed = wordOf(t, 'role', 'operator');
  return (
    <p className="note" style={{ padding: 16, margin: 0 }}>
      {t('role.needs', { role: wordOf(t, 'role', role), needed })}
    </p>
  );
}

function Files({ container, unknown }: Props) {
  const { id, name, state, startedAt } = container;
  const w = useWords(fileWords);
  const [path, setPath] = useState('/');
  const [typed, setTyped] = useState('/');
  const [text, setText] = useState('');
  const isRunning = unknown === undefined && (state === 'running' || state === 'paused');
  const { data, error, isFetching } = useQuery({
    queryKey: ['files', id, String(startedAt), path],
    queryFn: ({ signal }) => client.call('container.files', { container: id, path }, { signal }),
    enabled: isRunning,
    retry: false,
    gcTime: 0,
  });
  const download = useDownload(id);
  const entries = useMemo(() => sorted(data?.entries ?? []), [data]);
  const found = useMemo(() => {
    const wanted = text.toLowerCase();
    return entries
      .filter((one) => one.name.toLowerCase().includes(wanted))
      .map((one) => ({ ...one, id: one.name }));
  }, [entries, text]);
  // Where the path leads, links followed.
  const here = data?.path ?? path;
  const go = (next: string) => {
    setPath(cleanPath(next));
    setTyped(cleanPath(next));
    setText('');
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    go(typed);
  };
  const uploads = useUploads(id, isRunning && error === null ? data : undefined);
  const way = {
    cli: `docker cp ${shellWord(`${name}:${here}`)} .`,
    route: 'container.files',
    input: { container: id, path: here },
  } as const;
  const wayUp = {
    cli: `docker cp FILE ${shellWord(`${name}:${within(here, '')}`)}`,
    route: 'container.upload',
    input: { container: id, path: here, name: 'FILE' },
  } as const;
  return (
    <DropZone label={w('label', { name })} text={w('drop', { folder: here })} onDrop={uploads.take}>
      <div className="files-bar">
        <ActionIcon
          variant="default"
          size={36}
          aria-label={w('up')}
          disabled={here === '/'}
          onClick={() => go(`${here}/..`)}
        >
          <Icon name="up" size={16} />
        </ActionIcon>
        <form onSubmit={submit}>
          <TextInput
            aria-label={w('path')}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            maxLength={4096}
            autoComplete="off"
            spellCheck={false}
            className="mono"
          />
          {/* Not `loading`: a button that is disabled would keep Enter from going elsewhere meanwhile. */}
          <Button
            type="submit"
            variant="default"
            rightSection={isFetching && <Loader size={14} />}
            disabled={!isRunning}
          >
            {w('go')}
          </Button>
        </form>
        <TextInput
          aria-label={w('filter')}
          placeholder={w('filter')}
          leftSection={<Icon name="search" size={16} />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          style={{ flex: '0 1 220px' }}
        />
        <Button
          variant="default"
          leftSection={<Icon name="download" size={16} />}
          disabled={unknown !== undefined}
          onClick={() => download(cleanPath(typed))}
        >
          {w(data === undefined || cleanPath(typed) !== path ? 'downloadPath' : 'downloadFolder')}
        </Button>
        {uploads.button}
        <CopyAs way={way} more={[{ title: w('upload'), way: wayUp }]} />
      </div>
      {uploads.list}
      {uploads.dialog}
      {!isRunning && <p className="note files-bar">{unknown ?? w('notRunning')}</p>}
      {isRunning && error !== null && (
        <div style={{ padding: '0 12px' }}>
          <Problem error={error} />
        </div>
      )}
      {isRunning && error === null && data === undefined && <Waiting />}
      {data?.isCut === true && <p className="note files-bar">{w('cut', { n: entries.length })}</p>}
      {isRunning && error === null && data !== undefined && found.length === 0 && (
        <p className="note files-bar" role="status">
          {entries.length === 0 ? w('empty') : w('noMatch', { text })}
        </p>
      )}
      {isRunning && error === null && found.length > 0 && (
        <Rows
          label={w('label', { name })}
          entries={found}
          onOpen={(entry) => go(within(here, entry.name))}
          onDownload={(entry) => download(within(here, entry.name))}
        />
      )}
    </DropZone>
  );
}

type RowsProps = Readonly<{
  label: string;
  entries: readonly (FolderEntry & Readonly<{ id: string }>)[];
  onOpen(entry: FolderEntry): void;
  onDownload(entry: FolderEntry): void;
}>;

function Rows({ label, entries, onOpen, onDownload }: RowsProps) {
  const w = useWords(fileWords);
  const { language } = useLanguage();
  return (
    <div className="files-rows">
      <VirtualRows
        label={label}
        rows={entries}
        rowHeight={40}
        maxHeight="60vh"
        columns="minmax(180px, 3fr) 100px 130px 110px 90px 100px"
        narrow="1fr 90px 90px"
        heads={[
          { text: w('name') },
          { text: w('size') },
          { text: w('changed'), wide: true },
          { text: w('mode'), wide: true },
          { text: w('owner'), wide: true },
          { text: w('download') },
        ]}
        render={(entry) => [
          <Name key="name" entry={entry} onOpen={onOpen} onDownload={onDownload} />,
          <span key="size">{entry.kind === 'file' ? bytesText(entry.size, language) : ''}</span>,
          // Builds that are to come out the same give files the time 0.
          entry.changedAt === 0 ? <span key="changed">–</span> : <Ago key="changed" at={entry.changedAt} />,
          <span key="mode" className="mono">
            {modeText(entry.mode)}
          </span>,
          <span key="owner" className="mono">
            {entry.uid}:{entry.gid}
          </span>,
          entry.kind === 'other' || entry.isNoText === true ? (
            <span key="download" />
          ) : (
            <button
              key="download"
              type="button"
              aria-label={w('downloadOf', { name: entry.name })}
              onClick={() => onDownload(entry)}
            >
              <Icon name="download" size={16} />
            </button>
          ),
        ]}
      />
    </div>
  );
}

type NameProps = Readonly<{ entry: FolderEntry }> & Pick<RowsProps, 'onOpen' | 'onDownload'>;

/** Opens a folder, or saves a file. */
function Name({ entry, onOpen, onDownload }: NameProps) {
  const { name, kind, target, isNoText } = entry;
  const w = useWords(fileWords);
  if (isNoText === true || kind === 'other')
    return (
      <bdi title={isNoText === true ? w('noText') : name} className="note">
        {name}
      </bdi>
    );
  // Where a link leads only its host knows: what is no folder says so.
  const open = kind === 'file' ? onDownload : onOpen;
  return (
    <span className="files-name">
      <button type="button" title={name} onClick={() => open(entry)}>
        <bdi>{kind === 'folder' ? `${name}/` : name}</bdi>
      </button>
      {target !== undefined && (
        <small className="note" title={target}>
          <bdi>{w('leads', { target })}</bdi>
        </small>
      )}
    </span>
  );
}

/** Has the browser save a file, or a folder as a tar, as it comes: nothing of it is in the page's memory. */
function useDownload(container: string): (path: string) => void {
  const { language } = useLanguage();
  const w = useWords(fileWords);
  const { show } = useToasts();
  return (path) => {
    client
      .call('container.download', { container, path })
      .then(({ ticket, name }) => {
        const link = document.createElement('a');
        link.href = `/v1/download?ticket=${encodeURIComponent(ticket)}`;
        link.download = name;
        link.click();
        show({ tone: 'good', title: w('started', { name }) });
      })
      .catch((thrown: unknown) => {
        show(problemToast(thrown, language));
      });
  };
}
