/**
 * The containers that the agent is acting on at this moment, by cluster ID, and what events have named of them meanwhile.
 * Those events are the agent's own doing: it looks once when it is done, and an engine would not answer before that.
 */
export class Acting {
  /** For each container: the engine's IDs, and how far the looks were when an event named them last. */
  private readonly named = new Map<string, Map<string, number>>();

  /**
   * False where nobody is acting on it: the event is to be followed by a look as ever.
   * @param clusterId where it is known: an event of a network names only the engine's container, which may be as new as
   *   its create event
   */
  defer(clusterId: string | undefined, engineId: string, lastLook: number): boolean {
    const named = this.named.get(clusterId ?? '') ?? this.naming(engineId);
    named?.set(engineId, lastLook);
    return named !== undefined;
  }

  private naming(engineId: string): Map<string, number> | undefined {
    for (const named of this.named.values()) if (named.has(engineId)) return named;
    return undefined;
  }

  /** @param ended is given what was named while `task` ran, whichever way it ended */
  async during<R>(
    clusterId: string,
    task: () => Promise<R>,
    ended: (named: ReadonlyMap<string, number>) => void,
  ): Promise<R> {
    const named = new Map<string, number>();
    this.named.set(clusterId, named);
    try {
      return await task();
    } finally {
      this.named.delete(clusterId);
      ended(named);
    }
  }
}
