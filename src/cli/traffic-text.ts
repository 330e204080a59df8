import type { TrafficView } from '../contract/v1/traffic.ts';

/** `12.5/s`. */
export function rateText({ requestsPerSecond: rate }: TrafficView): string {
  return `${rate >= 100 ? Math.round(rate) : Math.round(rate * 10) / 10}/s`;
}

/** `0.4 %` of the requests. */
export function errorText({ errorRate, requests }: TrafficView): string {
  return requests === 0 ? '-' : `${Math.round(errorRate * 1000) / 10} %`;
}

/** `p95` as `24 ms`. */
export function timeText(ms: number | null): string {
  if (ms === null) return '-';
  return ms >= 10 ? `${Math.round(ms)} ms` : `${ms} ms`;
}
