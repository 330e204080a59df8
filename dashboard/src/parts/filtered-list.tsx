import '@mantine/core/styles/Checkbox.css';
import { Button, Checkbox } from '@mantine/core';
import { type ReactNode, useMemo, useState } from 'react';
import { useText } from '../i18n/text.tsx';
import { Empty } from './empty.tsx';
import { FilterBox } from './filter-box.tsx';

type Props<T> = Readonly<{
  items: readonly T[];
  /** Words that it begins with. */
  first?: string;
  texts: Readonly<{
    filter: string;
    check: string;
    count: string;
    noMatch: string;
    none: string;
    noneHint: string;
  }>;
  /** Whether the box lets it through. */
  isListed(item: T, isChecked: boolean): boolean;
  matches(item: T, typed: string): boolean;
  /** The rows, of one at least. */
  children(shown: readonly T[]): ReactNode;
}>;

/** A list with words and a box to filter it by, and with what it says where nothing is left. */
export function FilteredList<T>({ items, first = '', texts, isListed, matches, children }: Props<T>) {
  const t = useText();
  const [typed, setTyped] = useState(first);
  const [isChecked, setChecked] = useState(false);
  const shown = useMemo(
    () => items.filter((one) => isListed(one, isChecked) && matches(one, typed)),
    [items, isListed, matches, isChecked, typed],
  );
  const hasSome = shown.length > 0 || items.some((one) => isListed(one, false));
  return (
    <>
      <div className="filters">
        <FilterBox label={texts.filter} value={typed} onChange={setTyped} />
        <Checkbox
          className="filter-check"
          label={texts.check}
          checked={isChecked}
          onChange={(event) => setChecked(event.currentTarget.checked)}
        />
      </div>
      <div className="card rows">
        {shown.length > 0 && children(shown)}
        {shown.length === 0 && hasSome && (
          <Empty title={texts.noMatch} hint={texts.count}>
            <Button
              variant="default"
              onClick={() => {
                setTyped('');
                setChecked(false);
              }}
            >
              {t('containers.clear')}
            </Button>
          </Empty>
        )}
        {!hasSome && <Empty title={texts.none} hint={texts.noneHint} />}
      </div>
    </>
  );
}
