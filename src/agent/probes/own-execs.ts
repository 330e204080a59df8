import type { EngineEvent } from '../../contract/link.ts';

/** An engine tells of the end of a command within this. */
const REMEMBERED_MS = 30_000;

/**
 * The commands that probes have the engine run. Each makes three events of the engine's, every few seconds for each
 * container: nobody is told of these.
 */
export class OwnExecs {
  /** Asked for, and not known by ID yet: an event may be faster than the answer. */
  private readonly asked = new Map<string, number>();
  private readonly ids = new Set<string>();

  begin(engineId: string, argv: readonly string[]): Readonly<{ is(execId: string): void; over(): void }> {
    const key = keyOf(engineId, argv.join(' '));
    this.asked.set(key, (this.asked.get(key) ?? 0) + 1);
    let execId: string | undefined;
    return {
      is: (id) => {
        execId = id;
        if (!this.ids.has(id)) this.found(key, id);
      },
      over: () => {
        if (execId === undefined) this.taken(key);
        const id = execId;
        setTimeout(() => this.ids.delete(id ?? ''), REMEMBERED_MS).unref();
      },
    };
  }

  /** True for events of the agent's own commands. */
  isOwn({ Type, Action, Actor }: EngineEvent): boolean {
    if (Type !== 'container' || !Action.startsWith('exec_')) return false;
    const id = Actor.Attributes?.execID;
    if (id === undefined) return false;
    if (this.ids.has(id)) return true;
    const key = keyOf(Actor.ID, /^exec_create: (.*)$/s.exec(Action)?.[1] ?? '');
    if (!Action.startsWith('exec_create') || !this.asked.has(key)) return false;
    this.found(key, id);
    return true;
  }

  private found(key: string, id: string): void {
    this.taken(key);
    this.ids.add(id);
  }

  private taken(key: string): void {
    const left = (this.asked.get(key) ?? 0) - 1;
    if (left > 0) this.asked.set(key, left);
    else this.asked.delete(key);
  }
}

/** A command without arguments has a blank behind it in events (moby: daemon/exec.go). */
function keyOf(engineId: string, command: string): string {
  return `${engineId} ${command.trimEnd()}`;
}
