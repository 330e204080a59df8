import type { ContainerView } from '../../../src/contract/v1/containers.ts';
import type { Language } from '../i18n/text.tsx';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `1.5 GiB`. */
export function bytesText(bytes: number, language: Language): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = value < 10 && unit > 0 ? 1 : 0;
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value)} ${UNITS[unit]}`;
}

/** Thousandths of a core as cores: `1.5`. */
export function coresText(cpuMilli: number, language: Language): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 2 }).format(cpuMilli / 1000);
}

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

/** `3 hours ago`; undefined for what is less than five seconds. */
export function agoText(at: number, now: number, language: Language): string | undefined {
  const seconds = Math.round((now - at) / 1000);
  if (seconds < 5) return undefined;
  const [unit, length] = STEPS.find(([, step]) => seconds >= step) ?? ['second', 1];
  return new Intl.RelativeTimeFormat(language).format(-Math.floor(seconds / length), unit);
}

const SPANS = [
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const;

/** `2 min`, `1.5 hr`: in the longest unit that it has one of. */
export function spanText(ms: number, language: Language): string {
  const [unit, length] = SPANS.find(([, one]) => ms >= one) ?? ['second', 1000];
  const form = { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(language, form).format(ms / length);
}

/** `12.5 %` of a share from 0 to 1. */
export function shareText(share: number, language: Language): string {
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 }).format(share);
}

/** Milliseconds as people read them: `12 ms`, `1.4 s`; a dash where nothing was measured. */
export function msText(ms: number | null, language: Language): string {
  if (ms === null) return '–';
  if (ms >= 1000)
    return `${new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(ms / 1000)} s`;
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: ms < 10 ? 1 : 0 }).format(ms)} ms`;
}

/** `8080→80/tcp`, as `docker ps` has them; ports that lead nowhere are left out where others do. */
export function portsText(ports: ContainerView['ports']): string {
  const published = ports.filter(({ publicPort }) => publicPort !== undefined);
  const texts = (published.length > 0 ? published : ports).map(({ publicPort, privatePort, type }) =>
    publicPort === undefined ? `${privatePort}/${type}` : `${publicPort}→${privatePort}/${type}`,
  );
  return [...new Set(texts)].join(', ');
}

/** A word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
