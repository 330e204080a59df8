import '@mantine/core/styles/Checkbox.css';
import { Button, Checkbox } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useDeferredValue, useMemo, useState } from 'react';
import { useText } from '../i18n/text.tsx';
import { Empty } from './empty.tsx';
import { FilterBox } from './filter-box.tsx';

type Props<T> = Readonly<{
  items: readonly T[];
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

/** What the address of a page with such a list says of it. */
export type ListSearch = { q?: string; checked?: boolean };

/**
 * A list with words and a box to filter it by, which the page's address has, and with what it says where nothing is left. The
 * route's `validateSearch` lets `ListSearch` through.
 */
export function FilteredList<T>({ items, texts, isListed, matches, children }: Props<T>) {
  const t = useText();
  const { q = '', checked: isChecked = false }: ListSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const filter = (next: ListSearch) =>
    void navigate({
      to: '.',
      // What has its default is not in the address.
      search: (before: ListSearch): never => {
        const { q: _, checked: __, ...others } = before;
        const { q: words = '', checked } = { ...before, ...next };
        // Of whichever page it is, which lets it through.
        return { ...others, ...(words === '' ? {} : { q: words }), ...(checked ? { checked } : {}) } as never;
      },
      replace: true,
      resetScroll: false,
    });
  // The address has it a moment later: the box is not put back meanwhile.
  const [chosen, setChosen] = useState<boolean>();
  if (chosen === isChecked) setChosen(undefined);
  const typed = useDeferredValue(q);
  const shown = useMemo(
    () => items.filter((one) => isListed(one, isChecked) && matches(one, typed)),
    [items, isListed, matches, isChecked, typed],
  );
  const hasSome = shown.length > 0 || items.some((one) => isListed(one, false));
  return (
    <>
      <div className="filters">
        <FilterBox label={texts.filter} value={q} onChange={(text) => filter({ q: text })} />
        <Checkbox
          className="filter-check"
          label={texts.check}
          checked={chosen ?? isChecked}
          onChange={(event) => {
            setChosen(event.currentTarget.checked);
            filter({ checked: event.currentTarget.checked });
          }}
        />
      </div>
      <div className="card rows">
        {shown.length > 0 && children(shown)}
        {shown.length === 0 && hasSome && (
          <Empty title={texts.noMatch} hint={texts.count}>
            <Button variant="default" onClick={() => filter({ q: '', checked: false })}>
              {t('containers.clear')}
            </Button>
          </Empty>
        )}
        {!hasSome && <Empty title={texts.none} hint={texts.noneHint} />}
      </div>
    </>
  );
}
