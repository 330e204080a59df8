import { BerthError } from './errors.ts';

type Waiting = { go(): void };

/**
 * Runs tasks one after the other, and gives each user a turn: who brings many waits for them behind everybody else who
 * brings one.
 */
export class FairQueue {
  /** In the order of their turns. */
  readonly #lines = new Map<string, Waiting[]>();
  #size = 0;
  #isBusy = false;

  /**
   * @param what is brought, for who brings too much: `compose files`
   * @param most of all users that may wait or run
   * @param mostOfOne of one user
   */
  constructor(
    private readonly what: string,
    private readonly most: number,
    private readonly mostOfOne: number,
  ) {}

  /** @throws BerthError `too_many_requests`, and whatever the task throws */
  async run<R>(user: string, task: () => Promise<R>): Promise<R> {
    const line = this.#lines.get(user) ?? [];
    const own = line.length;
    if (own >= this.mostOfOne || this.#size >= this.most)
      throw new BerthError(
        'too_many_requests',
        own >= this.mostOfOne
          ? `${own} ${this.what} of user ${user} wait already`
          : `${this.#size} ${this.what} wait already`,
        { hint: 'try it again in a moment' },
      );
    this.#size++;
    await new Promise<void>((go) => {
      this.#lines.set(user, [...line, { go }]);
      this.#next();
    });
    try {
      return await task();
    } finally {
      this.#size--;
      this.#isBusy = false;
      this.#next();
    }
  }

  #next(): void {
    const [turn] = this.#lines;
    if (this.#isBusy || turn === undefined) return;
    const [user, [first, ...rest]] = turn;
    // Whose turn it was is behind all others now.
    this.#lines.delete(user);
    if (rest.length > 0) this.#lines.set(user, rest);
    this.#isBusy = true;
    first?.go();
  }
}
