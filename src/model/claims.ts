import type { Listener } from './service.ts';

/** A name or port that one has alone, or that several share: a port on which connections are told apart by name. */
export type Claim = Readonly<{ what: string; shared: boolean }>;

/** What is claimed at a port of the ingress hosts. @param what how the port is called */
export function portClaims({ names = [] }: Pick<Listener, 'names'>, what: string): readonly Claim[] {
  if (names.length === 0) return [{ what, shared: false }];
  return [{ what, shared: true }, ...names.map((name) => ({ what: `${what} for ${name}`, shared: false }))];
}

/** Who has what: of two that want the same the first one gets it, unless both share it. */
export class Claims {
  private readonly holders = new Map<string, Map<string, boolean>>();

  /** @returns who has it, where that is somebody else */
  take(holder: string, { what, shared }: Claim): string | undefined {
    const those = this.holders.get(what) ?? new Map<string, boolean>();
    for (const [other, sharing] of those) if (other !== holder && !(shared && sharing)) return other;
    this.holders.set(what, those.set(holder, shared));
    return undefined;
  }

  /** All that `holder` has but `kept`. @returns whether there was any */
  giveUp(holder: string, kept: ReadonlySet<string>): boolean {
    let some = false;
    for (const [what, those] of this.holders) {
      if (kept.has(what) || !those.delete(holder)) continue;
      some = true;
      if (those.size === 0) this.holders.delete(what);
    }
    return some;
  }
}
