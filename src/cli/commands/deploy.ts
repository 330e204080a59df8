import { command } from '../command.ts';
import { type ComposeFlags, composeOptions } from '../compose-files.ts';
import { deployStack } from '../deploy-stack.ts';
import { followOptions } from '../follow-options.ts';
import type { FollowFlags } from '../follow-stack.ts';

export const deploy = command<ComposeFlags & FollowFlags & Readonly<{ dryRun?: boolean }>>({
  name: 'deploy',
  heading: 'Cluster:',
  summary: 'Deploy a stack of services from compose files',
  details:
    'Shows what is created, changed (field by field) and removed, then does it: services whose containers would be other ' +
    'ones are released anew by their update policy, all else stays as it is. A second deployment of the same files changes ' +
    'nothing, but that a number of containers which was set by hand is the file’s again. Ctrl-C ends the watching, not ' +
    'the deployment. Exit code 4 where a release has stopped.',
  options: [
    ...composeOptions,
    { flags: '--dry-run', summary: 'only show what would change' },
    ...followOptions,
  ],
  examples: [
    ['berth deploy', 'the compose file of this folder'],
    ['berth deploy -f shop.yml --name shop --dry-run', 'look first'],
    ['berth deploy --detach', 'do not wait for its containers'],
  ],
  run: deployStack,
});
