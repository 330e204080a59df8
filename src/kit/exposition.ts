/** One number of a family; what is not known (NaN) is left out. */
export type Sample = Readonly<{
  labels?: Readonly<Record<string, string>>;
  value: number;
  /** Behind the family's name: `_bucket`, `_sum`, `_count`. */
  suffix?: string;
}>;

/** Numbers of one kind, by their labels. */
export type Family = Readonly<{
  name: string;
  help: string;
  type: 'gauge' | 'counter' | 'histogram';
  samples: Iterable<Sample>;
}>;

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The families in Prometheus's text format; those without a number are left out. */
export function expositionText(families: Iterable<Family>): string {
  const parts: string[] = [];
  for (const { name, help, type, samples } of families) {
    let isTold = false;
    for (const { labels = {}, value, suffix = '' } of samples) {
      if (Number.isNaN(value)) continue;
      if (!isTold) parts.push(`# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n`);
      isTold = true;
      const pairs = Object.entries(labels).map(([key, text]) => `${key}="${quoted(text)}"`);
      parts.push(
        `${name}${suffix}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${numberText(value)}\n`,
      );
    }
  }
  return parts.join('');
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function quoted(text: string): string {
  return escaped(text).replaceAll('"', '\\"');
}
