import { ROLES, type Role } from '../../../model/access.ts';
import { command } from '../../command.ts';
import { clean } from '../../terminal/text.ts';

export const userRole = command<Record<never, never>, [name: string, role: Role]>({
  name: 'user role',
  summary: 'Change what a user may do',
  arguments: [
    { name: '<USER>', summary: 'name' },
    { name: '<ROLE>', summary: 'what the user may do from now on', choices: ROLES },
  ],
  examples: [['berth user role ada admin', 'make her an admin']],
  async run({ out, globals, call }, _, user, role) {
    const changed = await call('user.role', { user, role });
    if (globals.json) out.json(changed);
    else out.line(`user ${clean(changed.name)} (${changed.role})`);
  },
});
