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
/** Every host is looked for at least so often while it is well; an older answer does not count. */
const REFRESH_MS = 20_000;
const FRESH_MS = 2.5 * REFRESH_MS;
/** How often some of the hosts have their turn, and those that have connected since: never all of many at once. */
const TURN_MS = 500;
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
  /** IDs of all hosts in order; undefined where they have to be put in order anew. */
  private ring: readonly string[] | undefined;
  /** Whose turn comes next. */
  private place = 0;
  /** Hosts that have connected since the last turn. */
  private newcomers = new Set<string>();

  constructor(private readonly deps: WitnessesDeps) {
    void this.takeTurns();
  }

  /** The host is connected, and can be asked. */
  add(witness: Witness): void {
    const before = this.hosts.get(witness.hostId);
    if (before?.address !== witness.address) this.reached.delete(witness.hostId);
    if (before === undefined) this.ring = undefined;
    this.hosts.set(witness.hostId, witness);
    this.newcomers.add(witness.hostId);
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
    this.newcomers.delete(hostId);
    this.ring = undefined;
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

  private async takeTurns(): Promise<void> {
    const { clock } = this.deps;
    const { signal } = this.stop;
    while (!signal.aborted) {
      await clock.sleep(TURN_MS, signal).catch(() => undefined);
      if (!signal.aborted) this.turn();
    }
  }

  /** Some hosts look for their neighbours on a ring of all, and the manager for them; newcomers are looked for as well. */
  private turn(): void {
    this.ring ??= [...this.hosts.keys()].sort();
    const { ring, newcomers } = this;
    const share = Math.ceil((ring.length * TURN_MS) / REFRESH_MS);
    /** Host to its place on the ring. */
    const whose = new Map([...newcomers].map((hostId) => [hostId, ring.indexOf(hostId)]));
    for (let i = 0; i < share; i++) {
      const at = (this.place + i) % ring.length;
      whose.set(ring[at] ?? '', at);
    }
    this.place = ring.length === 0 ? 0 : (this.place + share) % ring.length;
    this.newcomers = new Set();
    const about = new Map<string, Set<string>>();
    const looks = (from: string, to: string) => {
      if (from === to) return;
      const known = about.get(from);
      if (known === undefined) about.set(from, new Set([to]));
      else known.add(to);
    };
    for (const [hostId, at] of whose) {
      for (let step = 1; step <= NEIGHBOURS; step++) {
        looks(hostId, ring[(at + step) % ring.length] ?? hostId);
        if (newcomers.has(hostId)) looks(ring.at((at - step) % ring.length) ?? hostId, hostId);
      }
    }
    for (const [hostId, targets] of about) void this.lookAround(hostId, [...targets]);
    void this.lookFor([...whose.keys()]);
  }

  private async lookAround(hostId: string, about: readonly string[]): Promise<void> {
    const witness = this.hosts.get(hostId);
    if (witness === undefined || witness.here || witness.send === nobody) return;
    const answers = await this.ask(hostId, about, REFRESH_LOOK_MS);
    for (const [at, id] of about.entries()) this.note(id, hostId, answers?.[at]);
  }

  /** The manager's own looks. */
  private async lookFor(hostIds: string[]): Promise<void> {
    const one = async () => {
      for (let hostId = hostIds.pop(); hostId !== undefined; hostId = hostIds.pop()) {
        const host = this.hosts.get(hostId)?.address;
        if (host === undefined || this.stop.signal.aborted) continue;
        this.note(hostId, MANAGER, await this.deps.reach({ host, port: PORT }, REFRESH_LOOK_MS));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
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
