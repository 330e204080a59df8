import { BerthError } from '../../../kit/errors.ts';
import { command } from '../../command.ts';
import { clean } from '../../terminal/text.ts';

export const nodeRm = command<{ force?: boolean; yes?: boolean }, [nodes: string[]]>({
  name: 'node rm',
  aliases: ['remove'],
  summary: 'Take hosts out of the cluster',
  details:
    'A host that still holds containers or volumes is refused. With --force it goes nevertheless, after what is lost was ' +
    'shown; what runs on it runs on, and its addresses on VLANs go to nobody else until "berth ip release" frees them. Its ' +
    'certificate is not accepted any more; to come back it needs a new token.',
  arguments: [{ name: '<NODE...>', summary: 'names or IDs' }],
  options: [
    { flags: '-f, --force', summary: 'also where the host still holds containers or volumes' },
    { flags: '-y, --yes', summary: 'do not ask' },
  ],
  examples: [
    ['berth node rm h3', 'a host that is empty'],
    ['berth node rm h3 --force', 'a host that is gone for good'],
  ],
  async run({ out, globals, call, prompt }, { force, yes }, nodes) {
    const removed = [];
    for (const node of nodes) {
      await prompt.confirm(`Take the host ${clean(node)} out of the cluster?`, yes);
      const answer = await call('node.delete', { node }).catch(async (thrown: unknown) => {
        // The refusal says what is on the host: that is what has to be agreed to.
        if (!force || !(thrown instanceof BerthError) || thrown.code !== 'conflict') throw thrown;
        await prompt.confirm(`${clean(thrown.message)}. Remove it nevertheless?`, yes);
        return call('node.delete', { node, force: true });
      });
      removed.push(answer);
      if (globals.json) continue;
      out.line(`removed ${clean(answer.name)}`);
      for (const { name, image, state } of answer.lost.containers) {
        out.line(`  lost container ${clean(name)} (${clean(image)}, ${clean(state)})`);
      }
      for (const volume of answer.lost.volumes) out.line(`  lost volume ${clean(volume)}`);
      for (const { network, ip } of answer.lost.addresses ?? [])
        out.line(
          `  kept address ${clean(ip)}: nobody else gets it; once nothing on ${clean(answer.name)} has it: ` +
            `berth ip release ${clean(network)} ${clean(ip)}`,
        );
    }
    if (globals.json) out.json(removed);
  },
});
