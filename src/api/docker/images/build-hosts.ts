import { BerthError } from '../../../kit/errors.ts';
import type { DockerCall } from '../call.ts';
import type { DockerDeps } from '../deps.ts';

/** A builder that nobody has used for this long is chosen anew (milliseconds). */
const PIN_MS = 10 * 60_000;

type Pin = { hostId: string; open: number; usedAt: number };

/**
 * Which host builds. The classic builder is placed build by build. BuildKit speaks over several connections (`/grpc`,
 * `/session`, `/build?version=2`) that do not say which belong together: those of one user at one address all go to one
 * host, for as long as one is open and ten minutes after, which also keeps its cache warm.
 */
export class BuildHosts {
  private readonly pins = new Map<string, Pin>();
  /** `buildid` of the client to the host: for `/build/cancel`. */
  private readonly builds = new Map<string, string>();

  /**
   * Chooses as for a container that runs any image.
   * @param labels expressions as `buildArgExpressions` gives them
   * @throws BerthError `no_room`, `bad_request`
   */
  place({ deps }: Pick<DockerCall, 'deps'>, labels: Readonly<Record<string, string>>): string {
    return deps.store.view((tx) =>
      deps.placer.place(tx, { name: 'build', spec: { Image: '', Labels: labels } }),
    ).hostId;
  }

  /** The host of this user's BuildKit; `done` says that the connection has ended. */
  pin(call: DockerCall): Readonly<{ hostId: string; done(): void }> {
    const { clock, engines } = call.deps;
    const { user, via, from } = call.principal;
    const key = `${via} ${user} ${from}`;
    this.forgetOld(clock.now());
    let pin = this.pins.get(key);
    if (pin === undefined || !engines.connected(pin.hostId)) {
      pin = { hostId: this.place(call, {}), open: 0, usedAt: clock.now() };
      this.pins.set(key, pin);
    }
    const held = pin;
    held.open++;
    return {
      hostId: held.hostId,
      done: () => {
        held.open--;
        held.usedAt = clock.now();
      },
    };
  }

  /** Remembers where a build runs; the function forgets it. */
  started(buildId: string | null, hostId: string): () => void {
    if (!buildId) return () => undefined;
    this.builds.set(buildId, hostId);
    return () => void this.builds.delete(buildId);
  }

  /** @throws BerthError `not_found` */
  hostOf(buildId: string): string {
    const hostId = this.builds.get(buildId);
    if (hostId !== undefined) return hostId;
    throw new BerthError('not_found', `no build "${buildId.slice(0, 80)}" is running`);
  }

  private forgetOld(now: number): void {
    for (const [key, pin] of this.pins)
      if (pin.open === 0 && now - pin.usedAt > PIN_MS) this.pins.delete(key);
  }
}

const byDeps = new WeakMap<DockerDeps, BuildHosts>();

/** The endpoint's own. */
export function buildHostsOf({ deps }: Pick<DockerCall, 'deps'>): BuildHosts {
  const known = byDeps.get(deps) ?? new BuildHosts();
  byDeps.set(deps, known);
  return known;
}
