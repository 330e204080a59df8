import type { ManagerFrame } from '../../contract/link.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Target } from '../../link/index.ts';

/**
 * The port at which hosts are looked for: discard (RFC 863), on which nearly nobody listens. Whether it is open does not
 * matter, the refusal of a closed one is an answer as well.
 */
const PORT = 9;
/** How many hosts look for each host. */
const NEIGHBOURS = 3;
/** Every host is looked for so often while it is well; an older answer does not count. */
const REFRESH_MS = 20_000;
const FRESH_MS = 2.5 * REFRESH_MS;
/** After a host has connected: others will, too. */
const SOON_MS = 500;
/** How long an answer is waited for at least, and how many times what it took while the host was well. */
const LOOK_MS = 250;
const LOOK_TIMES = 3;
const REFRESH_LOOK_MS = 1_000;
/** What witnesses have over that to say what they saw, where enough have said so already; and where they have not. */
const SETTLE_MS = 100;
const WORD_MS = 1_000;
/** Looks of the manager's own that are under way at once while all hosts are gone through. */
const AT_ONCE = 32;
/** Hosts that are asked whether they hear the manager. */
const CALLED = 500;
/** The manager itself, among those who look. */
const MANAGER = '';

/** seen: it answers somebody. unseen: those that it used to answer get none. unknown: too few can tell. */
export type Sighting = 'seen' | 'unseen' | 'unknown';

/** A host that can be looked for, and asked to look for others. */
export type Witness = Readonly<{
  hostId: string;
  /** Where others reach it. */
  address: string;
  /** It is the manager's own machine: what it sees is what the manager sees. */
  here: boolean;
  send(frame: ManagerFrame): void;
}>;

export type WitnessesDeps = Readonly<{
  clock: Clock;
  /** The manager's own look: milliseconds until the answer. */
  reach(target: Target, ms: number): Promise<number | undefined>;
}>;

/**
 * Tells a host that is gone from one that is only slow to speak: others try to reach it. Only who reached it while it was
 * well is asked, so that a firewall or NAT on the way is not taken for its death; a witness that reaches nobody at all does
 * not count, since it may be its own line.
 */
export class Witnesses {
  private readonly hosts = new Map<string, Witness>();
  /** Host to who has reached it, when, and in how many milliseconds. */
  private readonly reached = new Map<string, Map<string, Readonly<{ at: number; ms: number }>>>();
  private readonly waiting = new Map<
    number,
    Readonly<{ hostId: string; tell(answers: readonly (number | null)[] | undefined): void }>
  >();
  private lastId = 0;
  private readonly stop = new AbortController();
  private wakeUp = new AbortController();
  private dueAt = Number.POSITIVE_INFINITY;

  constructor(private readonly deps: WitnessesDeps) {
    this.refreshIn(REFRESH_MS);
  }

  /** The host is connected, and can be asked. */
  add(witness: Witness): void {
    const before = this.hosts.get(witness.hostId);
    if (before?.address !== witness.address) this.reached.delete(witness.hostId);
    this.hosts.set(witness.hostId, witness);
    this.refreshIn(SOON_MS);
  }

  /** The host cannot be asked any more; it can still be looked for. */
  lost(hostId: string): void {
    const witness = this.hosts.get(hostId);
    if (witness !== undefined) this.hosts.set(hostId, { ...witness, send: nobody });
    for (const { hostId: asked, tell } of this.waiting.values()) if (asked === hostId) tell(undefined);
  }

  forget(hostId: string): void {
    this.lost(hostId);
    this.hosts.delete(hostId);
    this.reached.delete(hostId);
  }

  /** A host's answers to `probe` number `id`. */
  said(hostId: string, id: number, answers: readonly (number | null)[]): void {
    const asked = this.waiting.get(id);
    if (asked?.hostId === hostId) asked.tell(answers);
  }

  /** Looks for the host once more, from everywhere that it was seen from. */
  async look(hostId: string): Promise<Sighting> {
    const host = this.hosts.get(hostId);
    if (host === undefined) return 'unknown';
    const before = this.seenFrom(hostId);
    const ms = Math.max(LOOK_MS, ...[...before.values()].map((known) => LOOK_TIMES * known.ms));
    const words = new Map<string, Sighting>();
    const looks = [...before.keys()].map(async (observer) => {
      words.set(observer, await this.lookFrom(observer, host, ms));
    });
    const all = Promise.all(looks);
    // Who reaches it says so long before the others have given up: the slow ones are not waited for.
    const settled = new AbortController();
    await Promise.race([all, this.deps.clock.sleep(ms + SETTLE_MS, settled.signal).catch(() => undefined)]);
    settled.abort();
    if (verdict(words) === 'unknown') await all;
    return verdict(words);
  }

  /** True where enough have reached the host lately: without that there is nothing to find out. */
  known(hostId: string): boolean {
    return this.seenFrom(hostId).size >= 2;
  }

  /** Asks other hosts, a sample where there are many, for a sign of life, and returns who was asked. */
  call(without: string): readonly string[] {
    const others = [...this.hosts.values()].filter(
      ({ hostId, send }) => hostId !== without && send !== nobody,
    );
    const count = Math.min(CALLED, others.length);
    const called: string[] = [];
    for (let i = 0; i < count; i++) {
      const witness = others[Math.floor((i * others.length) / count)];
      if (witness === undefined) continue;
      this.lastId++;
      witness.send({ t: 'probe', id: this.lastId, targets: [], ms: LOOK_MS });
      called.push(witness.hostId);
    }
    return called;
  }

  close(): void {
    this.stop.abort(new Error('the manager is stopping'));
    this.wakeUp.abort(this.stop.signal.reason);
    for (const { tell } of this.waiting.values()) tell(undefined);
  }

  private seenFrom(hostId: string): ReadonlyMap<string, Readonly<{ ms: number }>> {
    const now = this.deps.clock.now();
    const all = [...(this.reached.get(hostId) ?? [])];
    return new Map(all.filter(([observer, { at }]) => now - at <= FRESH_MS && this.canLook(observer)));
  }

  private canLook(observer: string): boolean {
    return observer === MANAGER || (this.hosts.get(observer)?.send ?? nobody) !== nobody;
  }

  private async lookFrom(observer: string, host: Witness, ms: number): Promise<Sighting> {
    if (observer === MANAGER) {
      const answer = await this.deps.reach({ host: host.address, port: PORT }, ms);
      return answer === undefined ? 'unseen' : 'seen';
    }
    const others = [...this.hosts.keys()].filter(
      (other) => other !== host.hostId && this.seenFrom(other).has(observer),
    );
    const [answer, ...rest] = (await this.ask(observer, [host.hostId, ...others], ms)) ?? [];
    if (answer === undefined) return 'unknown';
    if (answer !== null) return 'seen';
    return rest.length > 0 && rest.every((one) => one === null) ? 'unknown' : 'unseen';
  }

  /** What the host says of each; undefined where it does not say in time. */
  private ask(
    hostId: string,
    about: readonly string[],
    ms: number,
  ): Promise<readonly (number | null)[] | undefined> {
    const targets = about.map((id) => ({ host: this.hosts.get(id)?.address ?? '', port: PORT }));
    this.lastId++;
    const id = this.lastId;
    const patience = new AbortController();
    return new Promise<readonly (number | null)[] | undefined>((resolve) => {
      this.waiting.set(id, { hostId, tell: resolve });
      this.deps.clock.sleep(ms + WORD_MS, patience.signal).then(
        () => resolve(undefined),
        () => undefined,
      );
      this.hosts.get(hostId)?.send({ t: 'probe', id, targets, ms });
    }).finally(() => {
      this.waiting.delete(id);
      patience.abort();
    });
  }

  private refreshIn(ms: number): void {
    const at = this.deps.clock.now() + ms;
    if (this.stop.signal.aborted || this.dueAt <= at) return;
    this.dueAt = at;
    this.wakeUp.abort();
    this.wakeUp = new AbortController();
    this.deps.clock.sleep(ms, this.wakeUp.signal).then(
      () => {
        this.dueAt = Number.POSITIVE_INFINITY;
        this.refreshIn(REFRESH_MS);
        void this.refresh();
      },
      // Another time was set, or the manager is stopping.
      () => undefined,
    );
  }

  /** Everybody looks for the neighbours on a ring of all hosts, the manager for all. */
  private async refresh(): Promise<void> {
    const ring = [...this.hosts.values()].sort((a, b) => (a.hostId < b.hostId ? -1 : 1));
    const asked = ring.map(async (witness, i) => {
      if (witness.here || witness.send === nobody) return;
      const after = ring.slice(i + 1, i + 1 + NEIGHBOURS);
      const about = [...after, ...ring.slice(0, Math.min(i, NEIGHBOURS - after.length))].map(
        ({ hostId }) => hostId,
      );
      if (about.length === 0) return;
      const answers = await this.ask(witness.hostId, about, REFRESH_LOOK_MS);
      for (const [at, id] of about.entries()) this.note(id, witness.hostId, answers?.[at]);
    });
    const queue = [...ring];
    const own = Array.from({ length: AT_ONCE }, async () => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        if (this.stop.signal.aborted) return;
        const answer = await this.deps.reach({ host: next.address, port: PORT }, REFRESH_LOOK_MS);
        this.note(next.hostId, MANAGER, answer);
      }
    });
    await Promise.all([...asked, ...own]);
  }

  /** That somebody got no answer is not noted: the host may be dying, and what was seen before is to count then. */
  private note(hostId: string, observer: string, ms: number | null | undefined): void {
    if (ms === null || ms === undefined || !this.hosts.has(hostId)) return;
    const known = this.reached.get(hostId) ?? new Map();
    this.reached.set(hostId, known.set(observer, { at: this.deps.clock.now(), ms }));
  }
}

function nobody(): void {}

function verdict(words: ReadonlyMap<string, Sighting>): Sighting {
  const said = [...words];
  if (said.some(([, word]) => word === 'seen')) return 'seen';
  const unseen = said.filter(([, word]) => word === 'unseen');
  // The silence on its line is one word already; another machine's is to say the same.
  return unseen.length >= 2 && unseen.some(([observer]) => observer !== MANAGER) ? 'unseen' : 'unknown';
}
