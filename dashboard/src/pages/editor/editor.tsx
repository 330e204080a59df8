import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, Suspense, useEffect, useMemo, useState } from 'react';
import { useTitle } from '../../app/shell.tsx';
import { client } from '../../cluster/client.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Icon } from '../../parts/icons.tsx';
import { part } from '../../parts/part.ts';
import { Problem } from '../../parts/problem.tsx';
import { TypedWord } from '../../parts/typed-word.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import type { Known, Schema } from './compose-words.ts';
import { Crumb } from './crumb.tsx';
import { deployWay } from './deploy-way.ts';
import { DeploymentDiff } from './deployment-diff.tsx';
import { type Draft, type Drafts, isChanged, textOf, VARIABLES, withText } from './draft.ts';
import { Files } from './files.tsx';
import { Findings } from './findings.tsx';
import { Progress } from './progress.tsx';
import { Theirs } from './theirs.tsx';
import { type Check, stackNameFault, useCheck } from './use-check.ts';
import { words } from './words.ts';
import './editor.css';

const CodeEditor = part(async () => (await import('./code-editor.tsx')).CodeEditor);

type Props = Readonly<{
  first: Draft;
  drafts: Drafts;
  /** It has just been deployed, on the page that it was begun on. */
  isFirst?: boolean;
  onFirst?(stack: string): void;
  /** What stands above the text. */
  children?: React.ReactNode;
}>;

/** A stack's files, what the manager says of them as they are typed, and their way into the cluster. */
export function Editor({ first, drafts, isFirst = false, onFirst, children }: Props) {
  const w = useWords(words);
  const [draft, setDraft] = useState(first);
  const [path, setPath] = useState(first.source.compose[0] ?? '');
  const [jump, setJump] = useState<{ line: number; column: number; id: number }>();
  const [isReviewing, setReviewing] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [deployed, setDeployed] = useState(isFirst ? first.name : undefined);
  const { name, source, contents, base } = draft;
  const isNew = base.generation === 0;
  // One that was removed meanwhile stays the draft that it was.
  const place = first.base.generation === 0 ? '' : first.name;
  useTitle(isNew ? w('new') : w('edit', { name }));
  const check = useCheck({ stack: name, source, contents });
  const known = useKnown();
  const isTyped = isChanged(draft);
  const change = (next: Draft) => {
    const dated = { ...next, at: Date.now() };
    setDraft(dated);
    drafts.put(place, dated);
  };
  const settle = (next: Draft) => {
    setDraft(next);
    drafts.drop(place);
  };
  const { checked } = check;
  const problems = useMemo(
    () => checked?.problems.filter(({ file }) => file === path) ?? [],
    [checked?.problems, path],
  );
  const isReady = isReadyToGo(draft, check);
  const isTaken = isNew && checked?.current != null && !check.isOld;
  return (
    <>
      <Crumb stack={place} />
      <div className="head">
        <h1>{isNew ? w('new') : w('edit', { name })}</h1>
        {isTyped && <span className="chip">{w(isNew ? 'unsaved' : 'unsaved.edit')}</span>}
        <div className="head-side">
          <CopyAs way={deployWay(draft)} />
          <Button disabled={!isReady} onClick={() => setReviewing(true)}>
            {w('review')}
          </Button>
        </div>
      </div>
      {children}
      {!isNew && (
        <Theirs
          draft={draft}
          isBusy={isBusy}
          onTake={(now) => settle({ ...draft, contents: [], source: now.source ?? source, base: now })}
          onKeep={(now) => {
            change({ ...draft, base: now });
            check.again();
          }}
        />
      )}
      {deployed !== undefined && <Progress stack={deployed} />}
      {isNew && (
        <NameField
          name={name}
          isTaken={isTaken}
          onChange={(next) =>
            change({ ...draft, name: next, source: { ...source, folder: `/srv/${next || 'stack'}` } })
          }
        />
      )}
      <div className="editor-grid">
        <section className="card editor-card" aria-label={w('files')}>
          <Files
            draft={draft}
            path={path}
            absent={checked?.absent ?? []}
            onOpen={setPath}
            onChange={change}
          />
          {path === VARIABLES && <p className="note editor-note">{w('variables.hint')}</p>}
          <Suspense fallback={<Waiting />}>
            <CodeEditor
              key={path}
              label={w('editor', { path: path === VARIABLES ? w('variables') : path })}
              value={textOf(draft, path)}
              onChange={(text) => change(withText(draft, path, text))}
              isYaml={/\.ya?ml$/.test(path) || source.compose.includes(path)}
              problems={problems}
              known={known}
              jump={jump}
              // Keys that are pressed before the review has the focus are not for the text that it is about.
              isReadOnly={isReviewing}
              onSubmit={() => isReady && setReviewing(true)}
            />
          </Suspense>
          <p className="note editor-note">{w('editor.hint')}</p>
        </section>
        <Findings
          check={check}
          hasName={stackNameFault(name) === undefined}
          onGo={({ file, line, column }) => {
            if (file !== path) setPath(file);
            setJump({ line, column, id: Date.now() });
          }}
        />
      </div>
      {isReviewing && checked !== undefined && (
        <Review
          draft={draft}
          check={check}
          onBusy={setBusy}
          onClose={() => setReviewing(false)}
          onDone={(generation) => {
            setReviewing(false);
            if (isNew && onFirst !== undefined) {
              drafts.drop(place);
              onFirst(name);
              return;
            }
            setDeployed(name);
            check.again();
            settle({ ...draft, contents: [], base: { generation, source } });
          }}
        />
      )}
    </>
  );
}

function isReadyToGo({ name, base }: Draft, { checked, isOld, error }: Check): boolean {
  if (stackNameFault(name) !== undefined || isOld || error !== undefined || checked === undefined)
    return false;
  if (base.generation === 0 && checked.current !== null) return false;
  return checked.diff !== null;
}

/** Keys and labels for completion, once for all texts. */
function useKnown(): Known | undefined {
  const { data } = useQuery({
    queryKey: ['compose-schema'],
    queryFn: ({ signal }) => client.call('compose.schema', undefined, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return useMemo(
    () => (data === undefined ? undefined : { schema: data.schema as Schema, labels: data.labels }),
    [data],
  );
}

type NameProps = Readonly<{ name: string; isTaken: boolean; onChange(name: string): void }>;

function NameField({ name, isTaken, onChange }: NameProps) {
  const w = useWords(words);
  const isWrong = stackNameFault(name) === 'wrong';
  return (
    <TextInput
      className="editor-name"
      label={w('name')}
      description={w('name.hint')}
      value={name}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={
        isWrong ? (
          w('name.wrong')
        ) : isTaken ? (
          <>
            {w('name.taken', { name })}{' '}
            <Link to="/stacks/$stack/edit" params={{ stack: name }}>
              {w('name.edit')}
            </Link>
          </>
        ) : undefined
      }
      autoComplete="off"
      spellCheck={false}
      maxLength={63}
    />
  );
}

type ReviewProps = Readonly<{
  draft: Draft;
  check: Check;
  onBusy(isBusy: boolean): void;
  onClose(): void;
  onDone(generation: number): void;
}>;

/** What changes, before anything does. */
function Review({ draft, check, onBusy, onClose, onDone }: ReviewProps) {
  const w = useWords(words);
  const t = useText();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  useEffect(() => onBusy(isBusy), [isBusy, onBusy]);
  const { name, source, contents, base } = draft;
  const { diff = null, warnings = [] } = check.checked ?? {};
  const removed = diff?.removed.filter(({ kind }) => kind !== 'volume') ?? [];
  const [typed, setTyped] = useState('');
  const isSure = removed.length === 0 || typed === name;
  const isReady = isReadyToGo(draft, check) && isSure;
  const deploy = async (event: FormEvent) => {
    event.preventDefault();
    if (!isReady || isBusy) return;
    setBusy(true);
    setError(undefined);
    try {
      const { generation } = await client.call('stack.apply', {
        ...{ stack: name, source, contents: [...contents], expect: base.generation },
      });
      onDone(generation);
    } catch (thrown) {
      setError(thrown);
      check.again();
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      onClose={onClose}
      title={<strong>{w('review.title', { name })}</strong>}
      closeButtonProps={{ 'aria-label': w('cancel') }}
      size="lg"
    >
      {diff !== null && <DeploymentDiff diff={diff} />}
      {diff !== null && diff.removed.length > 0 && <p>{w('review.removed')}</p>}
      {warnings.length > 0 && (
        <ul className="finding-list">
          {warnings.map((text) => (
            <li key={text}>
              <Icon name="warn" size={16} /> {text}
            </li>
          ))}
        </ul>
      )}
      {error !== undefined && <Problem error={error} />}
      <form onSubmit={(event) => void deploy(event)}>
        {removed.length > 0 && (
          <TypedWord label={t('action.sure', { name })} value={typed} onChange={setTyped} data-autofocus />
        )}
        <div className="review-buttons">
          <Button
            variant="default"
            onClick={onClose}
            data-autofocus={isReady || removed.length > 0 ? undefined : true}
          >
            {w('cancel')}
          </Button>
          <Button
            type="submit"
            loading={isBusy}
            disabled={!isReady}
            data-autofocus={isReady ? true : undefined}
            color={removed.length > 0 ? 'red.9' : undefined}
          >
            {w('deploy')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
