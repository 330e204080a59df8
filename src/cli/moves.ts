import type { Moves } from '../contract/v1/moves.ts';
import type { CliContext } from './command.ts';

const POLL_MS = 500;

/** `1 container`, `2 containers`. */
export function containers(count: number): string {
  return count === 1 ? '1 container' : `${count} containers`;
}

/** What would go where, and what would stay. */
export function printPlan(context: CliContext, { waiting, stays }: Moves): void {
  const { out } = context;
  if (waiting.length > 0) {
    out.table(
      [
        { header: 'CONTAINER', cell: ({ name }) => name },
        { header: 'FROM', cell: ({ from }) => from },
        { header: 'TO', cell: ({ to }) => to },
      ],
      waiting,
    );
    out.line();
  }
  printStays(context, { stays });
}

/** Those that are not moved, and why. */
export function printStays({ out }: CliContext, { stays }: Pick<Moves, 'stays'>): void {
  if (stays.length === 0) return;
  out.table(
    [
      { header: 'STAYS', cell: ({ name }) => name },
      { header: 'ON', cell: ({ from }) => from },
      { header: 'WHY', cell: ({ reason }) => reason },
    ],
    stays,
  );
  out.line();
}

/** What has turned out to stay since the plan was shown. */
export function newStays(plan: Pick<Moves, 'stays'>, done: Pick<Moves, 'stays'>): Pick<Moves, 'stays'> {
  const shown = new Set(plan.stays.map(({ id, reason }) => `${id} ${reason}`));
  return { stays: done.stays.filter(({ id, reason }) => !shown.has(`${id} ${reason}`)) };
}

/** Asks until it is done; Ctrl-C ends the asking, not the moves. */
export async function followMoves(
  { clock, interrupt }: CliContext,
  ask: () => Promise<Moves>,
): Promise<Moves> {
  for (;;) {
    const now = await ask();
    if (now.state !== 'running') return now;
    await clock.sleep(POLL_MS, interrupt);
  }
}
