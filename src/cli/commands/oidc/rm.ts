import { command } from '../../command.ts';

export const oidcRm = command({
  name: 'oidc rm',
  summary: 'Let nobody log in by a provider any more',
  details:
    'Users who have come by it stay, and their log-ins until they end; "berth user rm" takes them away.',
  examples: [['berth oidc rm', 'passwords go on to work']],
  async run({ out, globals, call }) {
    await call('oidc.delete');
    if (globals.json) out.json({});
    else out.line('nobody logs in by a provider any more');
  },
});
