import { command } from '../../command.ts';
import { clean } from '../../terminal/text.ts';

export const userUnlock = command<Record<never, never>, [name: string]>({
  name: 'user unlock',
  summary: 'Let a user log in again at once, where too many wrong passwords have come',
  arguments: [{ name: '<USER>', summary: 'name' }],
  examples: [['berth user unlock ada', 'she has remembered it']],
  async run({ out, globals, call }, _, user) {
    await call('user.unlock', { user });
    if (globals.json) out.json({});
    else out.line(`${clean(user)} may log in again`);
  },
});
