import type { StackChange } from '../../../contract/v1/services.ts';
import { command } from '../../command.ts';
import { printList } from '../../list.ts';
import { when } from '../../terminal/format.ts';

export const stackHistory = command<Record<never, never>, [stack: string]>({
  name: 'stack history',
  summary: 'List what was released and scaled in a stack, the newest first',
  details: 'Of each service the last 20 releases and 100 changes of its number are kept.',
  arguments: [{ name: '<STACK>', summary: 'its name' }],
  examples: [['berth stack history shop', 'who has done what to it']],
  async run(context, _, stack) {
    const { changes } = await context.call('stack.history', { stack });
    printList(context, changes, {
      quiet: false,
      id: ({ at }) => String(at),
      empty: 'nothing was released',
      columns: [
        { header: 'WHEN', cell: ({ at }) => when(at, context.clock.now()) },
        { header: 'BY', cell: ({ by }) => by },
        { header: 'SERVICE', cell: ({ service }) => service },
        { header: 'WHAT', cell: whatText },
        { header: 'WHY', cell: (change) => (change.kind === 'scale' ? change.why : change.reason) },
      ],
    });
  },
});

function whatText(change: StackChange): string {
  if (change.kind === 'scale') return `${change.from} to ${change.to} containers`;
  const { number, cause, state } = change;
  const how = cause.kind === 'rollback' ? `back to ${cause.to}` : cause.kind;
  return `release ${number}, ${how}: ${state}`;
}
