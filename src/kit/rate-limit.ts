/** `burst` at once, `perSecond` in the long run. */
export type Rate = Readonly<{ perSecond: number; burst: number }>;

/**
 * Token buckets, one for each source. Sources that have been quiet for long enough to have a full bucket again are
 * forgotten; where more than `maxSources` are busy at once all further ones share a bucket, so that whoever invents source
 * addresses neither fills the memory nor gets more by it.
 */
export class RateLimit {
  private readonly buckets = new Map<string, { tokens: number; at: number }>();

  constructor(
    private readonly rate: Rate,
    private readonly maxSources: number,
  ) {}

  /** Takes one token. @param now milliseconds */
  take(source: string, now: number): boolean {
    const bucket = this.bucketOf(source, now);
    const { perSecond, burst } = this.rate;
    bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }

  get sources(): number {
    return this.buckets.size;
  }

  private bucketOf(source: string, now: number): { tokens: number; at: number } {
    const known = this.buckets.get(source);
    if (known !== undefined) {
      // The order is that of the last question: the first ones are those that may be forgotten.
      this.buckets.delete(source);
      this.buckets.set(source, known);
      return known;
    }
    this.forgetQuiet(now);
    const key = this.buckets.size < this.maxSources ? source : OTHERS;
    const bucket = this.buckets.get(key) ?? { tokens: this.rate.burst, at: now };
    this.buckets.set(key, bucket);
    return bucket;
  }

  private forgetQuiet(now: number): void {
    const quietMs = (this.rate.burst / this.rate.perSecond) * 1000;
    for (const [source, { at }] of this.buckets) {
      if (now - at < quietMs) return;
      this.buckets.delete(source);
    }
  }
}

/** No address. */
const OTHERS = '';
