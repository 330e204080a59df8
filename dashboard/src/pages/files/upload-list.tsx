import { Button } from '@mantine/core';
import { useId } from 'react';
import type { FolderEntry } from '../../../../src/contract/container-files.ts';
import { BerthError } from '../../../../src/contract/page-client.ts';
import { useLanguage, useText, useWords } from '../../i18n/text.tsx';
import { bytesText } from '../../parts/format.ts';
import { Icon, type IconName } from '../../parts/icons.tsx';
import { problemText } from '../../parts/problem-text.ts';
import { within } from './paths.ts';
import { isUnderWay, type Upload, type Uploads } from './uploads.ts';
import { fileWords } from './words.ts';

type Props = Readonly<{
  uploads: Uploads;
  /** Of this container. */
  list: readonly Upload[];
  /** The folder that is shown, and what is in it. */
  here: string;
  entries: readonly FolderEntry[];
}>;

/** Files that were sent to a container, how far they are, and what became of them. */
export function UploadList({ uploads, list, here, entries }: Props) {
  const w = useWords(fileWords);
  const done = list.filter(({ state }) => state === 'done').length;
  const isOver = !list.some(isUnderWay);
  if (list.length === 0) return null;
  const container = list[0]?.target.container ?? '';
  /** It may have been refused as it has come to be there meanwhile: then a person can say that it is to be replaced. */
  const isThere = ({ target, error }: Upload) =>
    error instanceof BerthError &&
    error.code === 'conflict' &&
    !target.replace &&
    target.path === here &&
    entries.some(({ name, kind }) => name === target.name && (kind === 'file' || kind === 'link'));
  return (
    <section aria-label={w('uploads')} className="files-uploads">
      <div className="files-uploads-head">
        <strong role="status">{w('uploadedOf', { done, n: list.length })}</strong>
        <Button
          size="compact-sm"
          variant="default"
          disabled={!isOver}
          onClick={() => uploads.clear(container)}
        >
          {w('clear')}
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys */}
      <ul tabIndex={0} aria-label={w('uploads')}>
        {list.map((one) => (
          <Row
            key={one.id}
            upload={one}
            onCancel={() => uploads.cancel(one.id)}
            onRetry={(replace) => uploads.retry(one.id, replace)}
            isThere={isThere(one)}
          />
        ))}
      </ul>
    </section>
  );
}

type RowProps = Readonly<{
  upload: Upload;
  isThere: boolean;
  onCancel(): void;
  onRetry(replace: boolean): void;
}>;

const ICONS: Partial<Record<Upload['state'], IconName>> = {
  done: 'well',
  failed: 'down',
  cancelled: 'minus',
};

function Row({ upload, isThere, onCancel, onRetry }: RowProps) {
  const { target, file, state, sent, error } = upload;
  const { name } = target;
  const w = useWords(fileWords);
  const t = useText();
  const { language } = useLanguage();
  const labelled = useId();
  const size = bytesText(file.size, language);
  const { title, detail, hint } = problemText(error, language);
  const icon = ICONS[state] ?? 'upload';
  return (
    <li className={`tone-${state === 'failed' ? 'bad' : state === 'done' ? 'good' : 'idle'}`}>
      <Icon name={icon} size={18} />
      <div className="files-upload">
        <bdi id={labelled} className="files-upload-name" title={within(target.path, name)}>
          {within(target.path, name)}
        </bdi>
        {isUnderWay(upload) && (
          <progress aria-labelledby={labelled} max={Math.max(file.size, 1)} value={sent} />
        )}
        <small
          className={state === 'failed' ? undefined : 'note'}
          role={state === 'failed' ? 'alert' : undefined}
        >
          {state === 'failed' ? title : w(`state.${state}`, { sent: bytesText(sent, language), size })}
        </small>
        {state === 'failed' && detail !== undefined && <small lang="en">{detail}</small>}
        {state === 'failed' && hint !== undefined && (
          <small className="note">{t('error.hint', { hint })}</small>
        )}
      </div>
      {isUnderWay(upload) && (
        <Button size="compact-sm" variant="default" aria-label={w('cancelOf', { name })} onClick={onCancel}>
          {t('action.cancel')}
        </Button>
      )}
      {(state === 'failed' || state === 'cancelled') && (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={w(isThere ? 'replaceOf' : 'againOf', { name })}
          onClick={() => onRetry(isThere)}
        >
          {w(isThere ? 'replaceIt' : 'again')}
        </Button>
      )}
    </li>
  );
}
