import { ActionIcon, Button, SegmentedControl, TextInput } from '@mantine/core';
import { type FormEvent, useRef, useState } from 'react';
import { useLanguage, useWords } from '../../i18n/text.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { bytesText } from '../../parts/format.ts';
import { Icon } from '../../parts/icons.tsx';
import { type Draft, VARIABLES, withContent, withoutFile, withText } from './draft.ts';
import { words } from './words.ts';
import '@mantine/core/styles/SegmentedControl.css';

/** As much as the manager takes with a stack, in base64. */
const MOST_BYTES = 4_000_000;

type Props = Readonly<{
  draft: Draft;
  path: string;
  absent: readonly string[];
  onOpen(path: string): void;
  onChange(draft: Draft): void;
}>;

/** The files of the stack, one of them open; those that are named and missing may be given. */
export function Files({ draft, path, absent, onOpen, onChange }: Props) {
  const w = useWords(words);
  const { language } = useLanguage();
  const [adding, setAdding] = useState<string>();
  const { source, contents } = draft;
  const paths = [...source.files.map((one) => one.path), VARIABLES];
  const remove = (gone: string) => {
    onChange(withoutFile(draft, gone));
    if (gone === path) onOpen(source.compose[0] ?? VARIABLES);
  };
  const missing = absent.filter((one) => !contents.some((content) => content.path === one));
  return (
    <>
      <div className="file-tabs">
        {paths.map((one) => (
          <span key={one} className="file-tab" data-active={one === path || undefined}>
            <button type="button" aria-pressed={one === path} title={one} onClick={() => onOpen(one)}>
              <bdi>{one === VARIABLES ? w('variables') : one}</bdi>
            </button>
            {one !== VARIABLES && !source.compose.includes(one) && (
              <ActionIcon
                size="xs"
                variant="subtle"
                color="gray"
                aria-label={w('file.remove', { path: one })}
                onClick={() => remove(one)}
              >
                <Icon name="close" size={13} />
              </ActionIcon>
            )}
          </span>
        ))}
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<Icon name="plus" size={14} />}
          onClick={() => setAdding('')}
        >
          {w('file.add')}
        </Button>
      </div>
      {(contents.length > 0 || missing.length > 0) && (
        <div className="file-notes">
          {contents.map((one) => (
            <div key={one.path} className="file-note">
              <bdi className="mono">{one.path}</bdi>
              <span className="note">
                {w('file.content', { size: bytesText((one.content.length * 3) / 4, language) })}
              </span>
              <ActionIcon
                size="sm"
                variant="subtle"
                color="gray"
                aria-label={w('file.remove', { path: one.path })}
                onClick={() => remove(one.path)}
              >
                <Icon name="close" size={14} />
              </ActionIcon>
            </div>
          ))}
          {missing.length > 0 && (
            <>
              <strong>{w('absent')}</strong>
              {missing.map((one) => (
                <div key={one} className="file-note">
                  <Button size="compact-sm" variant="default" onClick={() => setAdding(one)}>
                    <bdi>{w('absent.give', { path: one })}</bdi>
                  </Button>
                </div>
              ))}
              <span className="note">
                {w(draft.base.generation === 0 ? 'absent.hint.missing' : 'absent.hint')}
              </span>
            </>
          )}
        </div>
      )}
      {adding !== undefined && (
        <AddFile
          draft={draft}
          first={adding}
          onClose={() => setAdding(undefined)}
          onText={(added, text) => {
            onChange(withText(draft, added, text));
            onOpen(added);
          }}
          onContent={(added, content) => onChange(withContent(draft, added, content))}
        />
      )}
    </>
  );
}

type AddProps = Readonly<{
  draft: Draft;
  first: string;
  onClose(): void;
  onText(path: string, text: string): void;
  onContent(path: string, content: string): void;
}>;

function AddFile({ draft, first, onClose, onText, onContent }: AddProps) {
  const w = useWords(words);
  const { language } = useLanguage();
  const chooser = useRef<HTMLInputElement>(null);
  const [path, setPath] = useState(first);
  const [kind, setKind] = useState<'text' | 'content'>(looksLikeText(first) ? 'text' : 'content');
  const [error, setError] = useState<string>();
  const isTaken = draft.source.files.some((one) => one.path === path) || path === VARIABLES;
  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    const name = path.trim() || file.name;
    if (file.size > MOST_BYTES) {
      const [size, most] = [file.size, MOST_BYTES].map((bytes) => bytesText(bytes, language));
      return setError(w('file.large', { path: name, size: size ?? '', most: most ?? '' }));
    }
    if (kind === 'text') onText(name, await file.text());
    else onContent(name, base64Of(new Uint8Array(await file.arrayBuffer())));
    onClose();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (path.trim() === '' || isTaken) return;
    if (kind === 'content') return chooser.current?.click();
    onText(path.trim(), '');
    onClose();
  };
  return (
    <Dialog
      onClose={onClose}
      title={<strong>{w('file.add')}</strong>}
      closeButtonProps={{ 'aria-label': w('cancel') }}
      size="lg"
    >
      <form onSubmit={submit} className="file-form">
        <TextInput
          label={w('file.path')}
          value={path}
          onChange={(event) => setPath(event.currentTarget.value)}
          error={error ?? (isTaken ? w('file.path.taken') : undefined)}
          autoComplete="off"
          spellCheck={false}
          maxLength={1024}
          data-autofocus
        />
        <SegmentedControl
          orientation="vertical"
          aria-label={w('file.kind')}
          value={kind}
          onChange={(value) => setKind(value === 'text' ? 'text' : 'content')}
          data={[
            { value: 'text', label: w('file.kind.text') },
            { value: 'content', label: w('file.kind.content') },
          ]}
        />
        <input
          ref={chooser}
          type="file"
          hidden
          aria-label={w('file.upload')}
          onChange={(event) => void take(event.currentTarget.files?.[0])}
        />
        <div className="review-buttons">
          <Button variant="default" disabled={isTaken} onClick={() => chooser.current?.click()}>
            {w('file.upload')}
          </Button>
          {kind === 'text' && (
            <Button type="submit" disabled={path.trim() === '' || isTaken}>
              {w('file.add')}
            </Button>
          )}
        </div>
      </form>
    </Dialog>
  );
}

function looksLikeText(path: string): boolean {
  return path === '' || /\.(env|ya?ml)$/.test(path);
}

function base64Of(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}
