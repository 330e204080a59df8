import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useLocation } from '@tanstack/react-router';
import { useState } from 'react';
import type { RouteOutput } from '../../../../src/contract/v1/route.ts';
import type { Routes } from '../../../../src/contract/v1/routes.ts';
import { useMay, useWho } from '../../app/session.tsx';
import { useTitle } from '../../app/shell.tsx';
import { client } from '../../cluster/client.ts';
import { useWords } from '../../i18n/text.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Problem } from '../../parts/problem.tsx';
import { Ago } from '../../parts/time.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { Crumb } from './crumb.tsx';
import type { Draft } from './draft.ts';
import { DraftBack } from './draft-back.tsx';
import { Editor } from './editor.tsx';
import { draftsOf } from './open-drafts.ts';
import { emptySource } from './templates.ts';
import { words } from './words.ts';

type Kept = RouteOutput<Routes['stack.source']>;

const route = getRouteApi('/stacks/$stack/edit');

/** Opens the files with which a stack was deployed. */
export function EditStackPage() {
  const w = useWords(words);
  const { stack } = route.useParams();
  useTitle(w('edit', { name: stack }));
  const may = useMay();
  const isAllowed = may('operator');
  const { data, error } = useQuery({
    queryKey: ['stack-source-first', stack],
    queryFn: ({ signal }) => client.call('stack.source', { stack }, { signal }),
    enabled: isAllowed,
    // What was begun with stays so while it is written on.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  if (!isAllowed)
    return (
      <>
        <Head stack={stack} />
        <div className="card">
          <Empty title={w('needs')} hint={w('needs.hint')}>
            <Button
              variant="default"
              renderRoot={(props) => <Link {...props} to="/stacks/$stack" params={{ stack }} />}
            >
              {w('progress.open')}
            </Button>
          </Empty>
        </div>
      </>
    );
  if (data !== undefined) return <Opened key={stack} stack={stack} kept={data} />;
  return (
    <>
      <Head stack={stack} />
      {error === null ? <Waiting /> : <Problem error={error} />}
    </>
  );
}

/** Above what stands in place of the editor, which has its own. */
function Head({ stack }: Readonly<{ stack: string }>) {
  const w = useWords(words);
  return (
    <>
      <Crumb stack={stack} />
      <div className="head">
        <h1>{w('edit', { name: stack })}</h1>
      </div>
    </>
  );
}

function Opened({ stack, kept }: Readonly<{ stack: string; kept: Kept }>) {
  const w = useWords(words);
  const { user } = useWho();
  const drafts = draftsOf(user);
  const isFirst = useLocation({ select: ({ state }) => state.isFirst === true });
  const base = { generation: kept.generation, source: kept.source };
  const begin = (source: Draft['source']): Draft => ({
    ...{ name: stack, source, contents: [], base, at: Date.now() },
  });
  const [before] = useState(() => drafts.get(stack, base));
  const [draft, setDraft] = useState(before ?? (kept.source === null ? undefined : begin(kept.source)));
  const [round, setRound] = useState(0);
  if (draft === undefined)
    return (
      <>
        <Head stack={stack} />
        <div className="card">
          <Empty title={w('source.none', { name: stack })} hint={w('source.none.hint')}>
            <Button onClick={() => setDraft(begin(emptySource(stack)))}>{w('source.begin')}</Button>
          </Empty>
        </div>
      </>
    );
  return (
    <Editor key={round} first={draft} drafts={drafts} isFirst={isFirst}>
      {before !== undefined && round === 0 && (
        <DraftBack
          at={before.at}
          onDrop={() => {
            drafts.drop(stack);
            setDraft(kept.source === null ? undefined : begin(kept.source));
            setRound(round + 1);
          }}
        />
      )}
      {kept.of !== null && kept.of !== kept.generation && <OlderText kept={kept} of={kept.of} />}
    </Editor>
  );
}

function OlderText({ kept: { by, at }, of }: Readonly<{ kept: Kept; of: number }>) {
  const w = useWords(words);
  const [before, after] = w('source.old', { of, by, when: '\0' }).split('\0');
  return (
    <div className="health tone-busy" role="status">
      <Icon name="warn" size={22} />
      <div>
        {before}
        <Ago at={at} />
        {after}
      </div>
    </div>
  );
}
