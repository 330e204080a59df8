import { useState } from 'react';
import { ActionMenu } from '../../actions/action-menu.tsx';
import { ChoiceButton } from '../../actions/choice-button.tsx';
import { client } from '../../cluster/client.ts';
import { usePolledQuery } from '../../cluster/use-polled-query.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { Asked } from '../../parts/asked.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Moment } from '../../parts/time.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { JoinDialog } from '../join-dialog.tsx';
import { removeJoinToken } from './user-actions.ts';
import { words } from './words.ts';

const EVERY_MS = 5_000;

/** What lets hosts in, until when, and who has come with it. */
export function JoinTokens() {
  const w = useWords(words);
  const t = useText();
  const [isMaking, setMaking] = useState(false);
  const query = usePolledQuery(
    ['join-tokens'],
    (signal) => client.call('token.list', undefined, { signal }),
    EVERY_MS,
  );
  const now = Date.now();
  return (
    <>
      <Asked query={query}>
        {({ tokens }) => (
          <>
            <div className="tab-head">
              <span className="note">{w('join.count', { n: tokens.length })}</span>
              <div className="head-side">
                <CopyAs way={{ cli: 'berth token ls', route: 'token.list' }} />
                <ChoiceButton label={w('join.new')} needs="admin" isMain open={() => setMaking(true)} />
              </div>
            </div>
            <div className="card rows">
              {tokens.length === 0 ? (
                <Empty title={w('join.none')} hint={w('join.none.hint')} />
              ) : (
                <VirtualRows
                  label={w('join')}
                  rows={tokens.toReversed()}
                  rowHeight={48}
                  maxHeight="calc(100dvh - 260px)"
                  columns="minmax(110px, 1fr) 1fr minmax(160px, 1.3fr) 100px 1.4fr 1.4fr 44px"
                  narrow="1fr 1.2fr 44px"
                  heads={[
                    { text: w('join.id') },
                    { text: w('join.by'), wide: true },
                    { text: w('token.until') },
                    { text: w('join.left'), wide: true },
                    { text: w('join.labels'), wide: true },
                    { text: w('join.used'), wide: true },
                    { text: '' },
                  ]}
                  render={({ id, createdBy, expiresAt, usesLeft, labels, usedBy }) => {
                    const said = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
                    return [
                      <code key="id">{id}</code>,
                      <span key="by">{createdBy}</span>,
                      expiresAt <= now || usesLeft === 0 ? (
                        <span key="until" className="state tone-idle hollow">
                          {w('token.ended')}
                        </span>
                      ) : (
                        <Moment key="until" at={expiresAt} />
                      ),
                      <span key="left">{usesLeft}</span>,
                      <span key="labels" title={said.join(', ')}>
                        {said.join(', ')}
                      </span>,
                      <span key="used" title={usedBy.join(', ')}>
                        {usedBy.join(', ')}
                      </span>,
                      <span key="menu" className="row-menu">
                        <ActionMenu label={w('more', { name: id })} items={[removeJoinToken(id, w, t)]} />
                      </span>,
                    ];
                  }}
                />
              )}
            </div>
          </>
        )}
      </Asked>
      {isMaking && <JoinDialog onClose={() => setMaking(false)} />}
    </>
  );
}
