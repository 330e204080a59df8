import '../../parts/rows.css';
import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { OrphanView } from '../../../../src/contract/v1/orphans.ts';
import { ActionMenu } from '../../actions/action-menu.tsx';
import { ChoiceButton } from '../../actions/choice-button.tsx';
import { useTitle } from '../../app/shell.tsx';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useWords } from '../../i18n/text.tsx';
import { Asked } from '../../parts/asked.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Empty } from '../../parts/empty.tsx';
import { FilteredList } from '../../parts/filtered-list.tsx';
import { hasWords } from '../../parts/has-words.ts';
import { State } from '../../parts/state.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { AdoptAll } from './adopt-all.tsx';
import { adoptOrphan, removeOrphan } from './orphan-actions.ts';
import { useOrphans } from './use-orphans.ts';
import { words } from './words.ts';

/** What a database that was put back does not know, and that runs on. */
export function OrphansPage() {
  const w = useWords(words);
  const said = useSaid();
  useTitle(w('title'));
  const query = useOrphans();
  const [isAdopting, setAdopting] = useState(false);
  const all = query.data?.orphans ?? [];
  return (
    <>
      <div className="head">
        <h1>{w('title')}</h1>
        {query.data !== undefined && <span className="note">{w('count', { n: all.length })}</span>}
        <div className="head-side">
          <CopyAs way={{ cli: 'berth orphan ls', route: 'orphan.list' }} />
          {all.length > 0 && (
            <ChoiceButton
              label={w('adopt.all')}
              needs="admin"
              icon="check"
              isMain
              open={() => setAdopting(true)}
            />
          )}
        </div>
      </div>
      <Asked query={query}>
        {({ orphans }) =>
          orphans.length === 0 ? (
            <div className="card">
              <Empty title={w('none')} hint={w('none.hint')} />
            </div>
          ) : (
            <>
              <p className="note">{w('text')}</p>
              <FilteredList
                items={orphans}
                texts={{
                  ...{ filter: w('filter'), check: w('adoptable'), noMatch: w('none.match') },
                  ...{ count: w('count', { n: orphans.length }), none: w('none'), noneHint: w('none.hint') },
                }}
                isListed={(one, isAdoptable) => !isAdoptable || one.problem === undefined}
                matches={(one, text) => matches(one, text, said)}
              >
                {(shown) => <Rows orphans={shown} />}
              </FilteredList>
            </>
          )
        }
      </Asked>
      {isAdopting && <AdoptAll orphans={all} onClose={() => setAdopting(false)} />}
    </>
  );
}

function matches(
  { name, hostName, image = '', problem = '' }: OrphanView,
  text: string,
  said: (text: string) => string,
): boolean {
  return hasWords(text, [name, hostName, image, said(problem)]);
}

function Rows({ orphans }: Readonly<{ orphans: readonly OrphanView[] }>) {
  const w = useWords(words);
  const said = useSaid();
  const rows = useMemo(
    () => orphans.map((orphan) => ({ id: `${orphan.hostId}/${orphan.id}`, orphan })),
    [orphans],
  );
  return (
    <VirtualRows
      label={w('title')}
      rows={rows}
      rowHeight={48}
      maxHeight="calc(100dvh - 260px)"
      columns="minmax(140px, 1.4fr) minmax(90px, 1fr) minmax(120px, 1.4fr) minmax(190px, 1fr) minmax(160px, 2fr) 44px"
      narrow="1.4fr 1fr 44px"
      heads={[
        { text: w('name') },
        { text: w('host') },
        { text: w('image'), wide: true },
        { text: w('state'), wide: true },
        { text: w('problem'), wide: true },
        { text: '' },
      ]}
      render={({ orphan }) => {
        const { name, hostName, image = '', state } = orphan;
        const problem = said(orphan.problem ?? '');
        return [
          <span key="name" title={problem === '' ? name : `${name}: ${problem}`}>
            <bdi>{name}</bdi>
          </span>,
          <Link key="host" to="/hosts/$host" params={{ host: hostName }}>
            {hostName}
          </Link>,
          <span key="image" title={image}>
            {image}
          </span>,
          state === 'gone' || state === 'unknown' ? (
            <span key="state" className="state tone-idle hollow">
              {w(`state.${state}`)}
            </span>
          ) : (
            <State key="state" state={state} />
          ),
          <span key="problem" title={problem}>
            {problem}
          </span>,
          <span key="menu" className="row-menu">
            <ActionMenu
              label={w('more', { name })}
              items={[adoptOrphan(orphan, w), removeOrphan(orphan, w)]}
            />
          </span>,
        ];
      }}
    />
  );
}
