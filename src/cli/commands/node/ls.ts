import { command } from '../../command.ts';
import { printList, quietOption } from '../../list.ts';
import { bytes, cores, labelText } from '../../terminal/format.ts';
import type { StyleName } from '../../terminal/style.ts';

/** A newer manager may have more states. */
const STATE_STYLES: Readonly<Record<string, StyleName>> = {
  ready: 'green',
  pending: 'yellow',
  suspect: 'yellow',
  down: 'red',
};

export const nodeLs = command<{ quiet?: boolean }>({
  name: 'node ls',
  aliases: ['list'],
  summary: 'List the hosts of the cluster',
  options: [quietOption],
  examples: [
    ['berth node ls', 'the hosts, how they are and what is on them'],
    ['berth node ls --quiet', 'their IDs'],
  ],
  async run(context, { quiet }) {
    const { nodes } = await context.call('node.list');
    printList(context, nodes, {
      quiet,
      id: ({ id }) => id,
      empty: 'no hosts yet: "berth token create" prints the line that adds one',
      columns: [
        { header: 'NAME', cell: ({ name }) => name },
        {
          header: 'STATE',
          cell: ({ state, cordoned }) => ({
            text: cordoned ? `${state}, cordoned` : state,
            style: STATE_STYLES[state] ?? 'yellow',
          }),
        },
        { header: 'ADDRESS', cell: ({ dataAddress, address }) => dataAddress || address },
        {
          header: 'CONTAINERS',
          cell: ({ containers: { managed, unmanaged, running } }) =>
            `${managed}${unmanaged === 0 ? '' : ` +${unmanaged}`} (${running} up)`,
        },
        {
          header: 'CPU',
          cell: ({ reserved, engine }) =>
            `${cores(reserved.cpuMilli)}/${engine === undefined ? '?' : engine.cpus}`,
        },
        {
          header: 'MEMORY',
          cell: ({ reserved, engine }) =>
            `${bytes(reserved.memory)} / ${engine === undefined ? '?' : bytes(engine.memory)}`,
        },
        { header: 'ENGINE', cell: ({ engine }) => engine?.serverVersion ?? '' },
        { header: 'LABELS', cell: ({ labels }) => labelText(labels) },
      ],
    });
    if (quiet || context.globals.json) return;
    for (const { name, brokenPaths = 0 } of nodes)
      if (brokenPaths > 0)
        context.out.note(
          `${name} has broken data paths to ${brokenPaths} other ${brokenPaths === 1 ? 'host' : 'hosts'}: see "berth node inspect ${name}"`,
        );
  },
});
