import {
  type CSSProperties,
  type FocusEvent,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';

type Head = Readonly<{
  /** Of the column, for those who do not see it, too: no two are alike. */
  text: string;
  /** Not on telephones; `widest`: on large screens only. */
  wide?: boolean | 'widest';
  /** What is shown in its place. */
  shown?: ReactNode;
  /** The column by which rows can be sorted: how they are now, and what another way does. */
  sort?: Readonly<{ is: 'ascending' | 'descending' | 'none'; onSort(): void }>;
}>;

type Props<T> = Readonly<{
  /** What the table is of, for those who do not see it. */
  label: string;
  rows: readonly T[];
  /** Pixels; all rows have the same. */
  rowHeight: number;
  /** Widths as `grid-template-columns` has them; `narrow` for telephones, without the cells of class `wide`. */
  columns: string;
  narrow: string;
  /** Without the cells of class `widest`; as `columns`, if there are none. */
  middle?: string;
  heads: readonly Head[];
  /** One cell per head. */
  render(row: T): readonly ReactNode[];
  /** Of the table, at most, as CSS has it. */
  maxHeight: string;
  /** Hears of the rows that are seen, and of those beside them. */
  onShown?(rows: readonly T[]): void;
}>;

/** Rows that are drawn beyond what is seen. */
const OVER = 8;

/**
 * A table of which only the rows that are seen exist: as quick with a hundred thousand as with ten. Not of table elements,
 * whose rows cannot be placed one by one.
 */
export function VirtualRows<T extends Readonly<{ id: string }>>(props: Props<T>) {
  const {
    label,
    rows,
    rowHeight,
    columns,
    narrow,
    middle = columns,
    heads,
    render,
    maxHeight,
    onShown,
  } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState<string>();
  const [view, setView] = useState({ top: 0, height: 800 });

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const look = () => {
      // In steps of a row: the same rows are not drawn again for each pixel.
      const top = Math.floor(element.scrollTop / rowHeight) * rowHeight;
      const height = element.clientHeight;
      setView((before) => (before.top === top && before.height === height ? before : { top, height }));
    };
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, [rowHeight]);

  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-index]');
    const element = scroller.current;
    if (step === 0 || row === null || element === null) return;
    event.preventDefault();
    const next = Math.min(rows.length - 1, Math.max(0, Number(row.dataset.index) + step));
    const kind = (event.target as HTMLElement).matches('input') ? 'input' : ':is(a, button)';
    element.querySelector<HTMLElement>(`[data-index="${next}"] ${kind}`)?.focus();
  };

  /** The row that has the focus stays, however far it is scrolled away: with it the focus, and its keys, would be lost. */
  const onFocus = (event: FocusEvent) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-index]');
    setFocused(row === null ? undefined : rows[Number(row.dataset.index)]?.id);
  };
  const onBlur = (event: FocusEvent) => {
    if (!event.currentTarget.contains(event.relatedTarget)) setFocused(undefined);
  };

  const first = Math.max(0, Math.floor(view.top / rowHeight) - OVER);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / rowHeight) + OVER);
  useEffect(() => onShown?.(rows.slice(first, last)), [onShown, rows, first, last]);
  const held = focused === undefined ? -1 : rows.findIndex(({ id }) => id === focused);
  const shown = shownRows(first, last, held);
  const style = { maxHeight, '--columns': columns, '--middle': middle, '--narrow': narrow } as CSSProperties;
  return (
    <div
      ref={scroller}
      className="rows-scroll"
      style={style}
      role="table"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys, also where no row has a link
      tabIndex={0}
      aria-label={label}
      aria-rowcount={rows.length + 1}
      onKeyDown={onKeyDown}
      onFocus={onFocus}
      onBlur={onBlur}
    >
      <div role="rowgroup" className="rows-head">
        <div role="row" aria-rowindex={1} className="row row-head">
          {heads.map((head) => (
            <div
              key={head.text}
              role="columnheader"
              className={classOf(head)}
              {...(head.sort === undefined ? {} : { 'aria-sort': head.sort.is })}
            >
              <HeadText {...head} />
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" style={{ position: 'relative', height: rows.length * rowHeight }}>
        {shown.map((index) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <div
              key={row.id}
              role="row"
              aria-rowindex={index + 2}
              data-index={index}
              className="row"
              style={{ position: 'absolute', top: index * rowHeight, left: 0, right: 0, height: rowHeight }}
            >
              {render(row).map((cell, at) => (
                <div key={heads[at]?.text} role="cell" className={classOf(heads[at])}>
                  {cell}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function classOf(head: Head | undefined): string {
  if (head?.wide === 'widest') return 'wide widest';
  return head?.wide === true ? 'wide' : '';
}

function HeadText({ text, shown, sort }: Head) {
  if (sort === undefined) return shown ?? text;
  return (
    <button type="button" className="row-sort" title={text} onClick={sort.onSort}>
      {text}
      <span aria-hidden="true">{sort.is === 'none' ? '' : sort.is === 'ascending' ? ' ↑' : ' ↓'}</span>
    </button>
  );
}

/** Numbers of the rows that exist, in their order: those that are seen, and one that is held beside them (-1: none). */
export function shownRows(first: number, last: number, held: number): readonly number[] {
  const seen = Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
  if (held < 0 || (held >= first && held < last)) return seen;
  return held < first ? [held, ...seen] : [...seen, held];
}
