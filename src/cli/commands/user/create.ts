import type { Role } from '../../../model/access.ts';
import { ROLES } from '../../../model/access.ts';
import { command } from '../../command.ts';
import { clean } from '../../terminal/text.ts';

export const userCreate = command<{ role?: Role; passwordStdin?: boolean }, [name: string]>({
  name: 'user create',
  summary: 'Make a user',
  details:
    'viewer reads; operator also changes containers, images, networks and volumes; admin also hosts, users and settings. ' +
    'Without --password-stdin a password is made up and shown once.',
  arguments: [{ name: '<USER>', summary: 'name' }],
  options: [
    { flags: '--role <ROLE>', summary: 'what the user may do', choices: ROLES, fallback: 'viewer' },
    { flags: '--password-stdin', summary: 'read the password from standard input' },
  ],
  examples: [
    ['berth user create ada --role operator', 'with a password that is made up'],
    ['berth user create ci --password-stdin < password.txt', 'with one of your own'],
  ],
  async run({ out, globals, call, prompt }, { role = 'viewer', passwordStdin }, name) {
    const password = passwordStdin ? await prompt.piped() : undefined;
    const made = await call('user.create', { name, role, ...(password === undefined ? {} : { password }) });
    if (globals.json) {
      out.json(made);
      return;
    }
    out.line(`user ${clean(made.name)} (${made.role})`);
    if (made.password !== undefined) out.line(`password, shown this once: ${clean(made.password)}`);
  },
});
