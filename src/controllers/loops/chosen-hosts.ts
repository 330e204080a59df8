type Chosen = Readonly<{ release: number; hostId: string }>;

/**
 * Hosts that were chosen for containers which wait there for their image, or for the one that they replace to stop. By the
 * time of a pull's end another host may be the best one, or be drawn: that would have to pull as well, and so on without end.
 */
export class ChosenHosts {
  /** By service (STACK/NAME), then by the name of the container. */
  private readonly known = new Map<string, Map<string, Chosen>>();

  of(service: string, release: number, name: string): string | undefined {
    const chosen = this.known.get(service)?.get(name);
    return chosen?.release === release ? chosen.hostId : undefined;
  }

  note(service: string, name: string, chosen: Chosen): void {
    const names = this.known.get(service) ?? new Map<string, Chosen>();
    this.known.set(service, names.set(name, chosen));
  }

  /** It is there. */
  forget(service: string, name: string): void {
    this.known.get(service)?.delete(name);
  }

  /** No release of the service but these makes containers any more. */
  keep(service: string, releases: readonly (number | undefined)[]): void {
    const names = this.known.get(service);
    for (const [name, { release }] of names ?? []) if (!releases.includes(release)) names?.delete(name);
    if (names?.size === 0) this.known.delete(service);
  }
}
