import { byName, type Row } from '../cluster/table.ts';

/**
 * Rows that are told first, in that order, and then all others as they were. No look at each, as there may be very many.
 * @param rows in the order of their names
 */
export function withFirst<T extends Row>(rows: readonly T[], first: readonly Row[]): readonly T[] {
  const places = first.map((one) => placeOf(rows, one)).filter((place) => place >= 0);
  if (places.length === 0) return rows;
  const head = places.flatMap((place) => rows[place] ?? []);
  const parts: (readonly T[])[] = [];
  let from = 0;
  for (const place of places.toSorted((a, b) => a - b)) {
    parts.push(rows.slice(from, place));
    from = place + 1;
  }
  return head.concat(...parts, rows.slice(from));
}

/** -1 where it is not there: a filter hides it, or it is gone. */
function placeOf(rows: readonly Row[], wanted: Row): number {
  let low = 0;
  let high = rows.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const row = rows[middle];
    if (row === undefined) return -1;
    if (row.id === wanted.id) return middle;
    if (byName(row, wanted) < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** What has most of something first; what is not known last, and equal ones as they were. */
export function mostFirst<T>(rows: readonly T[], weigh: (row: T) => number | null): readonly T[] {
  const weighed = rows.map((row) => ({ row, weight: weigh(row) ?? -1 }));
  return weighed.sort((a, b) => b.weight - a.weight).map(({ row }) => row);
}
