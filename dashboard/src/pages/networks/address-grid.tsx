import { type KeyboardEvent, useRef } from 'react';
import type { Cell } from './address-map.ts';

type Props = Readonly<{
  label: string;
  cells: readonly Cell[];
  /** The address that is chosen. */
  at: string | undefined;
  onGo(ip: string): void;
  /** The cell in words. */
  describe(cell: Cell): string;
}>;

/** Every address of a pool, one cell each; one of them is in the order of tabs, arrows lead to the others. */
export function AddressGrid({ label, cells, at, onGo, describe }: Props) {
  const list = useRef<HTMLUListElement>(null);
  const chosen = Math.max(
    0,
    cells.findIndex(({ ip }) => ip === at),
  );
  const onKeyDown = (event: KeyboardEvent) => {
    const step = stepOf(event.key, list.current);
    if (step === undefined) return;
    event.preventDefault();
    const to = Math.min(cells.length - 1, Math.max(0, chosen + step));
    const cell = cells[to];
    if (cell !== undefined) onGo(cell.ip);
    list.current?.querySelectorAll<HTMLElement>('button')[to]?.focus();
  };
  return (
    <ul ref={list} className="cells" aria-label={label}>
      {cells.map((cell, index) => {
        const text = describe(cell);
        return (
          <li key={cell.ip}>
            <button
              type="button"
              className={`cell cell-${cell.state}`}
              tabIndex={index === chosen ? 0 : -1}
              aria-label={text}
              aria-pressed={cell.ip === at}
              title={text}
              onClick={() => onGo(cell.ip)}
              onKeyDown={onKeyDown}
            />
          </li>
        );
      })}
    </ul>
  );
}

/** How many cells a key leads on; a line has as many as there is room for. */
function stepOf(key: string, list: HTMLUListElement | null): number | undefined {
  const items = [...(list?.children ?? [])] as HTMLElement[];
  const top = items[0]?.offsetTop;
  const next = items.findIndex((item) => item.offsetTop !== top);
  const line = next < 0 ? items.length : next;
  const steps: Readonly<Record<string, number>> = {
    ...{
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: line,
      ArrowUp: -line,
      Home: -items.length,
      End: items.length,
    },
  };
  return steps[key];
}
