/** Of which time a log is shown. */
export type Range =
  | Readonly<{ is: 'newest' }>
  | Readonly<{ is: 'last'; seconds: number }>
  /** Milliseconds since the epoch; without `to` it goes on. */
  | Readonly<{ is: 'between'; from: number | undefined; to: number | undefined }>;

/** Lines of each container that are read first where no time is chosen. */
const FIRST = 1000;

/** As the API takes it: seconds since the epoch. */
export function queryOf(
  range: Range,
  now: number,
  count: number,
): Readonly<{ tail?: number; since?: string; until?: string }> {
  switch (range.is) {
    case 'newest':
      return { tail: Math.max(100, Math.floor(FIRST / count)) };
    case 'last':
      return { since: String(Math.floor(now / 1000) - range.seconds) };
    case 'between':
      return {
        ...(range.from === undefined ? {} : { since: (range.from / 1000).toFixed(3) }),
        ...(range.to === undefined ? {} : { until: (range.to / 1000).toFixed(3) }),
      };
  }
}
