import { BerthError } from '../../../kit/errors.ts';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * The moment that an `until` filter names, in milliseconds since the epoch: seconds since 1970, an RFC 3339 date, or a
 * Go duration before now (`24h`, `1h30m`). Infinity where it was not asked for.
 * @throws BerthError `bad_request` naming the value
 */
export function untilMs(values: readonly string[] | undefined, now: number): number {
  return Math.min(...(values ?? []).map((value) => moment(value, now)));
}

function moment(text: string, now: number): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) {
    let ago = 0;
    for (const [, amount, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
      ago += Number(amount) * (UNIT_MS[unit] ?? 0);
    }
    return now - ago;
  }
  const date = Date.parse(text);
  if (Number.isFinite(date)) return date;
  throw new BerthError(
    'bad_request',
    `invalid filter 'until=${text.slice(0, 80)}': write seconds since 1970, a date, or a duration such as 24h`,
  );
}
