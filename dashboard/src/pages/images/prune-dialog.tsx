import { Button, Checkbox, Group, Loader, Stack } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { RouteOutput } from '../../../../src/contract/v1/route.ts';
import type { Routes } from '../../../../src/contract/v1/routes.ts';
import { client } from '../../cluster/client.ts';
import { useLanguage, useText, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { bytesText } from '../../parts/format.ts';
import { Problem } from '../../parts/problem.tsx';
import { TypedWord } from '../../parts/typed-word.tsx';
import { imageName } from './image-name.ts';
import { words } from './words.ts';

/** What is typed where images go that are nowhere else: many of them have no name. */
const WORD = 'prune';

/** Shows what a prune deletes, and how much that is, before it is done. */
export function PruneDialog({ onClose }: Readonly<{ onClose(): void }>) {
  const t = useText();
  const w = useWords(words);
  const { language } = useLanguage();
  const queries = useQueryClient();
  const [all, setAll] = useState(false);
  const [error, setError] = useState<unknown>();
  const [done, setDone] = useState<RouteOutput<Routes['image.prune']>>();
  const [isBusy, setBusy] = useState(false);
  const [typed, setTyped] = useState('');
  const preview = useQuery({
    queryKey: ['prunable', String(all)],
    queryFn: ({ signal }) => client.call('image.prunable', { all }, { signal }),
    gcTime: 0,
  });
  const images = preview.data?.images ?? [];
  const built = images.filter(({ digests }) => digests.length === 0).length;
  const isSure = built === 0 || typed === WORD;
  const prune = async () => {
    setBusy(true);
    setError(undefined);
    try {
      setDone(await client.call('image.prune', { all }));
      void queries.invalidateQueries();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      onClose={onClose}
      title={<strong>{w('pruneTitle')}</strong>}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      size="lg"
    >
      <Stack gap="md">
        <Checkbox
          label={w('pruneAll')}
          checked={all}
          disabled={isBusy}
          onChange={(event) => {
            setAll(event.currentTarget.checked);
            setDone(undefined);
            setTyped('');
          }}
          data-autofocus
        />
        {(error ?? preview.error) !== null && (error ?? preview.error) !== undefined && (
          <Problem error={error ?? preview.error} />
        )}
        <div role="status">
          {done !== undefined && (
            <>
              {w('pruned', { n: done.removed, bytes: bytesText(done.bytes, language) })}
              {done.warnings.map((warning) => (
                <div key={warning} className="note" dir="auto">
                  {warning}
                </div>
              ))}
            </>
          )}
          {done === undefined && preview.data === undefined && preview.error === null && (
            <Loader size="xs" aria-label={t('app.loading')} />
          )}
          {done === undefined && preview.data !== undefined && images.length === 0 && w('pruneNothing')}
          {done === undefined && preview.data !== undefined && images.length > 0 && (
            <strong>
              {w('pruneWhat', { n: images.length, bytes: bytesText(preview.data.bytes, language) })}
            </strong>
          )}
        </div>
        {done === undefined && images.length > 0 && (
          <>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys */}
            <ul className="moves" tabIndex={0} aria-label={w('pruneList')}>
              {images.map((image) => (
                <li key={image.id}>
                  <bdi>{imageName(image)}</bdi>{' '}
                  <span className="note">
                    {bytesText(image.size, language)} · {image.hostNames.join(', ')}
                  </span>
                </li>
              ))}
            </ul>
            {built > 0 && (
              <TypedWord
                label={t('action.sure', { name: WORD })}
                description={w('pruneBuilt', { n: built })}
                value={typed}
                disabled={isBusy}
                onChange={setTyped}
              />
            )}
          </>
        )}
        <Group justify="space-between">
          <CopyAs
            way={{
              cli: `docker image prune ${all ? '-a ' : ''}-f`,
              route: 'image.prune',
              input: { all },
            }}
          />
          <Button
            color="red.9"
            loading={isBusy}
            disabled={images.length === 0 || done !== undefined || !isSure}
            onClick={() => void prune()}
          >
            {w('pruneDo')}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
