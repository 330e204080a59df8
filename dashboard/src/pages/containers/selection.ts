import { useRef, useState } from 'react';
import type { Selecting } from '../../parts/container-rows.tsx';

type Rows = readonly Readonly<{ id: string }>[];
type Selected = ReadonlySet<string>;

const NONE: Selected = new Set();

/**
 * With one more, or one less; with all between it and another one, where that is still listed.
 * @param from ID of the other one
 */
export function selectedWith(
  selected: Selected,
  rows: Rows,
  id: string,
  isOn: boolean,
  from?: string,
): Selected {
  const all = new Set(selected);
  for (const one of rangeOf(rows, id, from)) {
    if (isOn) all.add(one);
    else all.delete(one);
  }
  return all;
}

function rangeOf(rows: Rows, id: string, from: string | undefined): readonly string[] {
  if (from === undefined || from === id) return [id];
  const ends = [from, id].map((end) => rows.findIndex((row) => row.id === end));
  if (ends.includes(-1)) return [id];
  return rows.slice(Math.min(...ends), Math.max(...ends) + 1).map((row) => row.id);
}

/** With all of these, or without them; others, which a filter hides, stay as they are. */
export function selectedWithAll(selected: Selected, rows: Rows, isOn: boolean): Selected {
  const all = new Set(selected);
  for (const { id } of rows) {
    if (isOn) all.add(id);
    else all.delete(id);
  }
  return all;
}

export function hasAll(selected: Selected, rows: Rows): boolean {
  return rows.length > 0 && rows.length <= selected.size && rows.every(({ id }) => selected.has(id));
}

type Selection = Selecting & Readonly<{ set(ids: Selected): void }>;

/** Rows that are selected, by their IDs: they stay so whatever is listed. */
export function useSelection(rows: Rows): Selection {
  const [selected, set] = useState(NONE);
  const last = useRef<string>(undefined);
  return {
    selected,
    isAll: hasAll(selected, rows),
    set,
    onSelect: (id, isOn, isRange) => {
      set(selectedWith(selected, rows, id, isOn, isRange ? last.current : undefined));
      last.current = id;
    },
    onSelectAll: (isOn) => set(selectedWithAll(selected, rows, isOn)),
  };
}
