const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** "1.5 GiB" */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number.isInteger(value) || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** Thousandths of a core as cores: "1.5". */
export function cores(milli: number): string {
  return String(Math.round(milli / 10) / 100);
}

const STEPS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const;

/** What is short of a whole by less than this counts as whole: a token just made for an hour does not end in 59 minutes. */
const TOLERANCE = 0.01;

/** "3 minutes", in the largest unit of which there is at least one. */
export function span(ms: number): string {
  for (const [unit, length] of STEPS) {
    const count = Math.floor(Math.abs(ms) / length + TOLERANCE);
    if (count >= 1) return `${count} ${unit}${count === 1 ? '' : 's'}`;
  }
  return 'less than a second';
}

/** "3 minutes ago", "in 2 hours", "never" for 0. Milliseconds since the epoch. */
export function when(at: number, now: number): string {
  if (at === 0) return 'never';
  return at > now ? `in ${span(at - now)}` : `${span(now - at)} ago`;
}

/** Local time to the second, as ISO 8601 with a blank: "2026-11-20 14:03:11". */
export function localTime(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** "k=v, k2=v2" in the order of the keys. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key]}`)
    .join(', ');
}
