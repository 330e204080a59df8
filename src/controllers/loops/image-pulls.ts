import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import { say } from '../../model/said/index.ts';
import type { Service } from '../../model/service.ts';
import { afterFailure, type PullTry } from '../plan/services/pulls.ts';
import type { ServiceHands } from './service-hands.ts';

export type ImagePullsDeps = Readonly<{ hands: ServiceHands; clock: Clock; logger: Logger }>;

/** Images that services lack on hosts which would take their containers: pulled there, and with a pause after failures. */
export class ImagePulls {
  /** Counts the pulls that have ended. */
  ended = 0;
  private readonly under = new Set<string>();
  private readonly tries = new Map<string, PullTry>();
  /** Host and image to since when it is to be fresh, and up to which of these times it is; milliseconds since the epoch. */
  private readonly asked = new Map<string, number>();
  private readonly pulled = new Map<string, number>();

  constructor(
    private readonly deps: ImagePullsDeps,
    private readonly signal: AbortSignal,
    /** A pull has ended, well or not. */
    private readonly onEnd: () => void,
  ) {}

  /** True where it was pulled on the host since `at`, milliseconds since the epoch, by this manager. */
  isFresh(hostId: string, image: string, at: number): boolean {
    const key = `${hostId} ${image}`;
    this.asked.set(key, Math.max(at, this.asked.get(key) ?? 0));
    return (this.pulled.get(key) ?? 0) >= at;
  }

  /** It was pulled there in vain, and is not to be tried again yet. */
  hasFailed(hostId: string, image: string): boolean {
    const failed = this.tries.get(`${hostId} ${image}`);
    return failed !== undefined && this.deps.clock.now() < failed.nextAt;
  }

  /**
   * Sees to it that the image comes to the host.
   * @param hostName for the text
   * @param service key of the one that it is for
   * @returns what is waited for, in one line, whether that has failed or cannot come by itself, and when to ask again
   */
  want(
    hostId: string,
    hostName: string,
    { container: { Image }, platform, pull, build }: Service,
    service: string,
  ): Readonly<{ waiting: string; stuck: boolean; nextAt?: number }> {
    if (pull === 'never') return { waiting: say('services.image.never', { image: Image }), stuck: true };
    if (pull === 'build' || build !== undefined)
      return { waiting: say('services.image.build', { image: Image }), stuck: true };
    const key = `${hostId} ${Image}`;
    const failed = this.tries.get(key);
    // What it has failed by says more than that it is tried again at this moment.
    const waiting =
      failed === undefined
        ? say('services.image.pulls', { image: Image, host: hostName })
        : say('services.image.fails', { image: Image, host: hostName, error: failed.error });
    const pulling = { waiting, stuck: failed !== undefined };
    if (this.under.has(key)) return pulling;
    if (failed !== undefined && this.deps.clock.now() < failed.nextAt)
      return { ...pulling, nextAt: failed.nextAt };
    this.under.add(key);
    void this.pull(key, hostId, Image, platform, service);
    return pulling;
  }

  /** A log-in is another one: what failed for want of it may be tried again at once. */
  forgetFailures(): void {
    this.tries.clear();
  }

  private async pull(
    key: string,
    hostId: string,
    image: string,
    platform: string | undefined,
    service: string,
  ): Promise<void> {
    const { hands, clock, logger } = this.deps;
    // Not when it is begun: a clock that is set back would have it pulled without end.
    const asked = this.asked.get(key);
    try {
      await hands.pull(hostId, image, platform, this.signal, service);
      this.tries.delete(key);
      if (asked !== undefined) this.pulled.set(key, asked);
    } catch (thrown) {
      if (this.signal.aborted) return;
      const error = messageOf(thrown);
      this.tries.set(key, afterFailure(this.tries.get(key), error, clock.now()));
      logger.warn({ host: hostId, image, error }, 'image not pulled');
    } finally {
      this.under.delete(key);
      this.ended++;
      if (!this.signal.aborted) this.onEnd();
    }
  }
}
