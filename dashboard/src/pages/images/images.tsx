import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { ImageView } from '../../../../src/contract/v1/images.ts';
import { useActions } from '../../actions/actions.tsx';
import { useTitle } from '../../app/shell.tsx';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useLanguage, useText, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { FilteredList } from '../../parts/filtered-list.tsx';
import { bytesText } from '../../parts/format.ts';
import { hasWords } from '../../parts/has-words.ts';
import { Icon } from '../../parts/icons.tsx';
import { Problem } from '../../parts/problem.tsx';
import { RoleButton, RowButton } from '../../parts/role-button.tsx';
import { Ago } from '../../parts/time.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import '../../parts/rows.css';
import './images.css';
import { DiskUsage } from './disk-usage.tsx';
import { removeImage } from './image-actions.ts';
import { imageName, shortId } from './image-name.ts';
import { PruneDialog } from './prune-dialog.tsx';
import { PullDialog } from './pull-dialog.tsx';
import { words } from './words.ts';

const route = getRouteApi('/images');

export function ImagesPage() {
  const w = useWords(words);
  useTitle(w('title'));
  const { pull, ...filter } = route.useSearch();
  const navigate = useNavigate();
  const ask = (what: Readonly<{ pull?: true }>) =>
    void navigate({ to: '/images', search: { ...filter, ...what } });
  const [isPruning, setPruning] = useState(false);
  const { data, error } = useLiveQuery(['images'], (signal) =>
    client.call('image.list', undefined, { signal }),
  );
  const images = data?.images;
  return (
    <>
      <div className="head">
        <h1>{w('title')}</h1>
        {images !== undefined && <span className="note">{w('count', { n: images.length })}</span>}
        <div className="head-side">
          <RoleButton needs="operator" variant="default" onClick={() => setPruning(true)}>
            {w('prune')}
          </RoleButton>
          <CopyAs way={{ cli: 'docker images', route: 'image.list' }} />
          <RoleButton
            needs="operator"
            leftSection={<Icon name="download" />}
            onClick={() => ask({ pull: true })}
          >
            {w('pull')}
          </RoleButton>
        </div>
      </div>
      {error !== null && <Problem error={error} />}
      {images === undefined && error === null && <Waiting />}
      {images !== undefined && (
        <>
          <FilteredList
            items={images}
            texts={{
              ...{ filter: w('filter'), check: w('unused'), count: w('count', { n: images.length }) },
              ...{ noMatch: w('noMatch'), none: w('none'), noneHint: w('noneHint') },
            }}
            isListed={isListed}
            matches={matches}
          >
            {(shown) => <Rows images={shown} />}
          </FilteredList>
          <DiskUsage />
        </>
      )}
      {isPruning && <PruneDialog onClose={() => setPruning(false)} />}
      {pull === true && <PullDialog onClose={() => ask({})} />}
    </>
  );
}

/** All, or those that nothing uses. */
function isListed({ users }: ImageView, isUnused: boolean): boolean {
  return !isUnused || users.length === 0;
}

function matches({ id, tags, digests, hostNames }: ImageView, text: string): boolean {
  return hasWords(text, [id, ...tags, ...digests, ...hostNames]);
}

function Rows({ images }: Readonly<{ images: readonly ImageView[] }>) {
  const w = useWords(words);
  const t = useText();
  const { language } = useLanguage();
  const { start } = useActions();
  return (
    <VirtualRows
      label={w('title')}
      rows={images}
      rowHeight={48}
      maxHeight="min(640px, calc(100dvh - 220px))"
      columns="minmax(190px, 2.6fr) 90px minmax(100px, 0.9fr) minmax(110px, 1fr) minmax(120px, 1.4fr) 100px"
      narrow="1.6fr 90px 100px"
      heads={[
        { text: w('name') },
        { text: w('size') },
        { text: w('created'), wide: true },
        { text: w('hosts'), wide: true },
        { text: w('users'), wide: true },
        { text: t('palette.actions') },
      ]}
      render={(one) => {
        const name = imageName(one);
        const { tags, hostNames, users } = one;
        return [
          <span key="name" title={[...tags, one.id].join('\n')}>
            <strong className="image-name">
              <bdi>{tags.length > 1 ? w('more', { name, n: tags.length - 1 }) : name}</bdi>
            </strong>{' '}
            {tags.length === 0 && <span className="chip">{w('dangling')}</span>}
            {tags.length > 0 && <span className="note mono">{shortId(one.id)}</span>}
          </span>,
          bytesText(one.size, language),
          <Ago key="created" at={one.createdAt} />,
          <span key="hosts" title={hostNames.join(', ')}>
            {hostNames.length > 3 ? w('onHosts', { n: hostNames.length }) : hostNames.join(', ')}
          </span>,
          <span key="users" title={users.join(', ')}>
            <bdi>{users.length === 0 ? w('nobody') : users.join(', ')}</bdi>
          </span>,
          <RowButton
            key="remove"
            needs="operator"
            label={w('removeOf', { name })}
            text={w('remove')}
            onClick={() => start(removeImage(one, w))}
          />,
        ];
      }}
    />
  );
}
