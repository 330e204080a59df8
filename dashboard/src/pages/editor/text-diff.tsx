import { VisuallyHidden } from '@mantine/core';
import { useWords } from '../../i18n/text.tsx';
import type { Source } from './draft.ts';
import { diffLines, shownLines } from './line-diff.ts';
import { words } from './words.ts';

/** Files of two sources, line by line, where they differ. */
export function TextDiff({ before, after }: Readonly<{ before: Source; after: Source }>) {
  const w = useWords(words);
  const changed = textsOf(before, after).filter(([, was, is]) => was !== is);
  if (changed.length === 0) return <p className="note">{w('theirs.same')}</p>;
  return changed.map(([path, was, is]) => <FileDiff key={path} path={path} before={was} after={is} />);
}

function textsOf(before: Source, after: Source): (readonly [path: string, was: string, is: string])[] {
  const of = (source: Source) =>
    new Map([...source.files.map(({ path, text }) => [path, text] as const), ['.env', source.variables]]);
  const [was, is] = [of(before), of(after)];
  return [...new Set([...was.keys(), ...is.keys()])].map(
    (path) => [path, was.get(path) ?? '', is.get(path) ?? ''] as const,
  );
}

function FileDiff({ path, before, after }: Readonly<{ path: string; before: string; after: string }>) {
  const w = useWords(words);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys
    <section className="text-diff" aria-label={path} tabIndex={0}>
      <div className="text-diff-path mono">
        <bdi>{path}</bdi>
      </div>
      {shownLines(diffLines(before, after)).map((line, i) =>
        line === undefined ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no name but their place
          <div key={i} className="line-left">
            … {w('diff.left')}
          </div>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no name but their place
          <div key={i} className={`line-${line.kind}`}>
            <span aria-hidden="true">{SIGNS[line.kind]} </span>
            {line.kind !== 'same' && <VisuallyHidden>{w(`lines.${line.kind}`)}: </VisuallyHidden>}
            {line.text}
          </div>
        ),
      )}
    </section>
  );
}

const SIGNS = { same: ' ', added: '+', removed: '−' } as const;
