import { BerthError } from '../../../kit/errors.ts';
import { command } from '../../command.ts';
import { clean } from '../../terminal/text.ts';

export const orphanAdopt = command<{ all?: boolean }, [orphans: string[]]>({
  name: 'orphan adopt',
  summary: "Make containers that a restored database does not know the cluster's own again",
  details:
    'They keep name, ID and host, and run on; networks and volumes that they were given come along. With --all those that ' +
    'cannot be adopted are left, and named.',
  arguments: [{ name: '[ORPHAN...]', summary: 'names, HOST/NAME, or IDs' }],
  options: [{ flags: '-a, --all', summary: 'all that there are' }],
  examples: [
    ['berth orphan adopt web', 'one of them'],
    ['berth orphan adopt --all', 'after a restore'],
  ],
  async run({ out, globals, call }, { all = false }, named) {
    if (!all && named.length === 0)
      throw new BerthError('bad_request', 'no orphan is named: give names or IDs, or --all');
    const left: string[] = [];
    let refs: readonly string[] = named;
    if (all) {
      const { orphans } = await call('orphan.list');
      refs = orphans.flatMap(({ id, hostName, name, problem }) => {
        if (problem !== undefined) left.push(`${hostName}/${name}: ${problem}`);
        return problem === undefined ? [id] : [];
      });
    }
    const adopted = [];
    for (const orphan of refs) {
      const answer = await call('orphan.adopt', { orphan });
      adopted.push(answer);
      if (!globals.json) out.line(`adopted ${clean(answer.hostName)}/${clean(answer.name)}`);
    }
    if (globals.json) out.json(adopted);
    if (left.length > 0)
      throw new BerthError('conflict', `${left.length} could not be adopted: ${left.join('; ')}`);
  },
});
