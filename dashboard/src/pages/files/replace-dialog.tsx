import { Button, Group, Stack, Text } from '@mantine/core';
import type { FolderEntry } from '../../../../src/contract/container-files.ts';
import { useLanguage, useText, useWords } from '../../i18n/text.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { bytesText } from '../../parts/format.ts';
import { fileWords } from './words.ts';

type Props = Readonly<{
  folder: string;
  /** What is there already, under the names of files that are to go there. */
  there: readonly FolderEntry[];
  /** So many others are to go there. */
  others: number;
  onReplace(): void;
  /** Only what is not there yet is sent. */
  onSkip(): void;
  onClose(): void;
}>;

/** Asks before files take the place of others. */
export function ReplaceDialog({ folder, there, others, onReplace, onSkip, onClose }: Props) {
  const w = useWords(fileWords);
  const t = useText();
  const { language } = useLanguage();
  return (
    <Dialog
      onClose={onClose}
      title={<strong>{w('replaceTitle', { n: there.length })}</strong>}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      size="lg"
    >
      <Stack gap="md">
        <Text>{w('replaceText', { folder })}</Text>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys */}
        <ul className="files-there" tabIndex={0} aria-label={w('there')}>
          {there.map(({ name, kind, size, target }) => (
            <li key={name}>
              <bdi>{name}</bdi>{' '}
              <span className="note">
                {kind === 'link' ? w('isLink', { target: target ?? '' }) : bytesText(size, language)}
              </span>
            </li>
          ))}
        </ul>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('action.cancel')}
          </Button>
          {others > 0 && (
            <Button variant="default" onClick={onSkip}>
              {w('skip', { n: others })}
            </Button>
          )}
          <Button color="red.9" onClick={onReplace}>
            {w('replace', { n: there.length })}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
