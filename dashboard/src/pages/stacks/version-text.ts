import type { TrafficView } from '../../../../src/contract/v1/traffic.ts';
import type { Language } from '../../i18n/text.tsx';

/** Containers of one release of a service, and how they answer. */
export type Version = Readonly<{
  release: number;
  image: string;
  containers: number;
  ready: number;
  weight: number | null;
  traffic: TrafficView;
}>;
export function millisecondsText(value: number, language: Language): string {
  const form = { style: 'unit', unit: 'millisecond', maximumFractionDigits: value < 10 ? 1 : 0 } as const;
  return new Intl.NumberFormat(language, form).format(value);
}
