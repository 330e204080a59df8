import type { Family, Sample } from '../../kit/exposition.ts';

/** Upper bounds of times, seconds; what is above is in the last one, which has none. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

type Times = { readonly buckets: Float64Array; sum: number };

/** How many requests the API has answered, how, and how long that took. Routes are by their names: nobody can make more. */
export class ApiFigures {
  private readonly counts = new Map<string, Map<number, number>>();
  private readonly times = new Map<string, Times>();

  answered(route: string, status: number): void {
    const counts = this.counts.get(route) ?? new Map<number, number>();
    counts.set(status, (counts.get(status) ?? 0) + 1);
    this.counts.set(route, counts);
  }

  /** Not of answers that last as long as somebody reads them. */
  took(route: string, seconds: number): void {
    const times = this.times.get(route) ?? { buckets: new Float64Array(BOUNDS.length + 1), sum: 0 };
    const found = BOUNDS.findIndex((bound) => seconds <= bound);
    const bucket = found < 0 ? BOUNDS.length : found;
    times.buckets[bucket] = (times.buckets[bucket] as number) + 1;
    times.sum += seconds;
    this.times.set(route, times);
  }

  families(): readonly Family[] {
    return [
      {
        name: 'berth_api_requests_total',
        help: 'Requests that the API has answered, by route and status',
        type: 'counter',
        samples: this.counted(),
      },
      {
        name: 'berth_api_request_seconds',
        help: 'How long answers took, by route; streams are left out',
        type: 'histogram',
        samples: this.timed(),
      },
    ];
  }

  private *counted(): Iterable<Sample> {
    for (const [route, counts] of this.counts)
      for (const [status, value] of counts) yield { labels: { route, status: String(status) }, value };
  }

  private *timed(): Iterable<Sample> {
    for (const [route, { buckets, sum }] of this.times) {
      let all = 0;
      for (const [i, count] of buckets.entries()) {
        all += count;
        yield { labels: { route, le: String(BOUNDS[i] ?? '+Inf') }, value: all, suffix: '_bucket' };
      }
      yield { labels: { route }, value: sum, suffix: '_sum' };
      yield { labels: { route }, value: all, suffix: '_count' };
    }
  }
}
