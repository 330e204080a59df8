import type { BuildFlags } from '../build-images.ts';
import { command } from '../command.ts';
import { type ComposeFlags, composeOptions } from '../compose-options.ts';
import { followOptions } from '../follow-options.ts';
import type { FollowFlags } from '../follow-stack.ts';

export const deploy = command<ComposeFlags & FollowFlags & BuildFlags & Readonly<{ dryRun?: boolean }>>({
  name: 'deploy',
  heading: 'Cluster:',
  summary: 'Deploy a stack of services from compose files',
  details:
    'Shows what is created, changed (field by field) and removed, then does it: services whose containers would be other ' +
    'ones are released anew by their update policy, all else stays as it is. A second deployment of the same files changes ' +
    'nothing, but that a number of containers which was set by hand is the file’s again; it waits for what is not ready ' +
    'yet. Images of services with build are made by the docker CLI where the cluster has none of that name, and brought to ' +
    'all hosts. Ctrl-C ends the watching, not the deployment. Exit code 4 where a release has stopped, or has gone back by itself.',
  options: [
    ...composeOptions,
    { flags: '--dry-run', summary: 'only show what would change' },
    {
      flags: '--build',
      summary:
        'build images that there are already, too; services whose image is another one are released anew',
    },
    { flags: '--no-build', summary: 'build nothing, also where an image is missing' },
    ...followOptions,
  ],
  examples: [
    ['berth deploy', 'the compose file of this folder'],
    ['berth deploy -f shop.yml --name shop --dry-run', 'look first'],
    ['berth deploy --build', 'with what is in the folders of build now'],
    ['berth deploy --detach', 'do not wait for its containers'],
  ],
  run: async (context, flags) => (await import('../deploy-stack.ts')).deployStack(context, flags),
});
