import type { TrafficView } from '../../contract/v1/traffic.ts';
import type { AccessSummary } from '../../model/traffic.ts';

/** Windows are in slots that begin where reports do not: shares of requests are nobody's. */
export function trafficView(summary: AccessSummary): TrafficView {
  const { windowMs, responses, requestsPerSecond, errorRate, p50, p95, p99 } = summary;
  return {
    windowMs,
    requests: Math.round(summary.requests),
    errors: Math.round(summary.errors),
    requestsPerSecond: rounded(requestsPerSecond, 100),
    errorRate: rounded(errorRate, 10_000),
    responses: responses.map(Math.round),
    bytesIn: Math.round(summary.bytesIn),
    bytesOut: Math.round(summary.bytesOut),
    p50: timeOf(p50),
    p95: timeOf(p95),
    p99: timeOf(p99),
  };
}

function timeOf(ms: number | undefined): number | null {
  return ms === undefined ? null : rounded(ms, 10);
}

function rounded(value: number, parts: number): number {
  return Math.round(value * parts) / parts;
}
