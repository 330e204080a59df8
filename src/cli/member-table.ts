import type { ServiceMember } from '../contract/v1/services.ts';
import type { CliContext } from './command.ts';
import { printList } from './list.ts';
import { when } from './terminal/format.ts';

/** Containers of services. */
export function printMembers(
  context: CliContext,
  members: readonly ServiceMember[],
  quiet: boolean | undefined,
): void {
  printList(context, members, {
    quiet,
    id: ({ id }) => id,
    empty: 'no containers',
    columns: [
      { header: 'NAME', cell: ({ name }) => name },
      { header: 'SERVICE', cell: ({ service }) => service },
      { header: 'HOST', cell: ({ hostName }) => hostName },
      { header: 'RELEASE', align: 'right', cell: ({ release }) => String(release) },
      { header: 'IMAGE', cell: ({ image }) => image },
      {
        header: 'STATE',
        cell: ({ state, health, refusal }) => {
          const text = health === 'none' ? state : `${state}, ${health}`;
          if (refusal !== '') return { text: `refused: ${refusal}`, style: 'red' as const };
          return { text, style: state === 'running' ? ('green' as const) : ('yellow' as const) };
        },
      },
      { header: 'STARTED', cell: ({ startedAt }) => when(startedAt, context.clock.now()) },
    ],
  });
}
