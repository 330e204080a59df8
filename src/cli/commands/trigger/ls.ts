import type { TriggerView } from '../../../contract/v1/triggers.ts';
import { command } from '../../command.ts';
import { printList, quietOption } from '../../list.ts';
import { localTime, when } from '../../terminal/format.ts';

export const triggerLs = command<{ quiet?: boolean }>({
  name: 'trigger ls',
  aliases: ['list'],
  summary: 'List the URLs that redeploy or scale services',
  options: [quietOption],
  examples: [['berth trigger ls', 'what each does, who made it, and when it was used last']],
  async run(context, { quiet }) {
    const { triggers } = await context.call('trigger.list');
    const now = context.clock.now();
    printList(context, triggers, {
      quiet,
      id: ({ id }) => id,
      empty: 'no triggers: "berth trigger create STACK/SERVICE" makes one',
      columns: [
        { header: 'ID', cell: ({ id }) => id },
        { header: 'SERVICE', cell: ({ stack, service }) => `${stack}/${service}` },
        { header: 'NAME', cell: ({ name }) => name },
        { header: 'DOES', cell: doesText },
        { header: 'MADE', cell: ({ createdAt }) => localTime(createdAt) },
        { header: 'BY', cell: ({ createdBy }) => createdBy },
        { header: 'USED', cell: ({ firedAt }) => (firedAt === null ? 'never' : when(firedAt, now)) },
      ],
    });
  },
});

function doesText({ action }: TriggerView): string {
  return action.kind === 'redeploy' ? 'redeploys' : `scales ${action.min}..${action.max}`;
}
