import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useMay, useWho } from '../../app/session.tsx';
import { useTitle } from '../../app/shell.tsx';
import { useWords } from '../../i18n/text.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Crumb } from './crumb.tsx';
import type { Draft } from './draft.ts';
import { DraftBack } from './draft-back.tsx';
import { Editor } from './editor.tsx';
import { draftsOf } from './open-drafts.ts';
import { sourceOfTemplate, TEMPLATES, type Template } from './templates.ts';
import { words } from './words.ts';
import './editor.css';

declare module '@tanstack/react-router' {
  interface HistoryState {
    /** Of the page of a stack's files: it has just been deployed for the first time. */
    isFirst?: boolean;
  }
}

const NOTHING = { generation: 0, source: null };

/** Begins a stack from a file that is whole already. */
export function NewStackPage() {
  const w = useWords(words);
  useTitle(w('new'));
  const may = useMay();
  const { user } = useWho();
  const drafts = draftsOf(user);
  const navigate = useNavigate();
  const [draft, setDraft] = useState(() => drafts.get('', NOTHING));
  const [isBack, setBack] = useState(draft !== undefined);
  if (!may('operator'))
    return (
      <>
        <Crumb stack="" />
        <div className="head">
          <h1>{w('new')}</h1>
        </div>
        <div className="card">
          <Empty title={w('needs')} hint={w('needs.hint')} />
        </div>
      </>
    );
  if (draft === undefined) return <Templates onChoose={(chosen) => setDraft(draftOf(chosen))} />;
  return (
    <Editor
      first={draft}
      drafts={drafts}
      onFirst={(stack) =>
        void navigate({
          to: '/stacks/$stack/edit',
          params: { stack },
          replace: true,
          state: { isFirst: true },
        })
      }
    >
      {isBack && (
        <DraftBack
          at={draft.at}
          onDrop={() => {
            drafts.drop('');
            setBack(false);
            setDraft(undefined);
          }}
        />
      )}
    </Editor>
  );
}

function draftOf(template: Template): Draft {
  const { name } = template;
  return { name, source: sourceOfTemplate(template), contents: [], base: NOTHING, at: Date.now() };
}

function Templates({ onChoose }: Readonly<{ onChoose(template: Template): void }>) {
  const w = useWords(words);
  return (
    <>
      <Crumb stack="" />
      <div className="head">
        <h1>{w('choose')}</h1>
      </div>
      <p className="note">{w('choose.hint')}</p>
      <div className="grid templates">
        {TEMPLATES.map((template) => (
          <button
            key={template.id}
            type="button"
            className="card card-body template"
            onClick={() => onChoose(template)}
          >
            <strong>
              <Icon name={template.id === 'empty' ? 'plus' : 'containers'} /> {w(`template.${template.id}`)}
            </strong>
            <span className="note">{w(`template.${template.id}.text`)}</span>
          </button>
        ))}
      </div>
    </>
  );
}
