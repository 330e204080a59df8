import { BerthError } from '../../../kit/errors.ts';
import { type CliContext, command } from '../../command.ts';
import { clean } from '../../terminal/text.ts';

type Flags = { passwordStdin?: boolean; generate?: boolean };

export const userPasswd = command<Flags, [name: string | undefined]>({
  name: 'user passwd',
  summary: 'Set a password',
  details:
    'Your own, or as an admin that of anyone. It ends all log-ins of the user. Whoever is not an admin is asked for the ' +
    'password until now; with --password-stdin it is the first line, and the new one the second.',
  arguments: [{ name: '[USER]', summary: 'yourself unless told' }],
  options: [
    { flags: '--password-stdin', summary: 'read it from standard input' },
    { flags: '--generate', summary: 'have one made up, and shown once' },
  ],
  examples: [
    ['berth user passwd', 'your own; asks for it'],
    ['berth user passwd ada --generate', 'somebody has forgotten theirs'],
  ],
  async run(context, flags, name) {
    const { out, globals, call } = context;
    const me = await call('session.whoami');
    const user = name ?? me.user;
    const given = await passwords(context, flags, me.role !== 'admin', user);
    const answer = await call('user.password', { user, ...given });
    if (globals.json) {
      out.json({ user, ...answer });
      return;
    }
    out.line(`the password of ${clean(user)} is set; log in again where you were logged in`);
    if (answer.password !== undefined) out.line(`password, shown this once: ${clean(answer.password)}`);
  },
});

async function passwords(
  { prompt }: CliContext,
  { passwordStdin, generate }: Flags,
  needsCurrent: boolean,
  user: string,
): Promise<{ password?: string; current?: string }> {
  if (passwordStdin) {
    const lines = (await prompt.piped()).split(/\r?\n/);
    if (generate) return needsCurrent ? { current: lines[0] ?? '' } : {};
    const [first = '', second] = lines;
    if (!needsCurrent) return { password: first };
    if (second === undefined) {
      throw new BerthError('bad_request', 'standard input holds one line, and two passwords are needed', {
        hint: 'pipe in the password until now, then the new one, each on a line',
      });
    }
    return { current: first, password: second };
  }
  const instead = 'pipe it in with --password-stdin, or have one made up with --generate';
  const current = needsCurrent ? { current: await prompt.secret('Password until now: ', instead) } : {};
  if (generate) return current;
  const password = await prompt.secret(`New password of ${clean(user)}: `, instead);
  if (password !== (await prompt.secret('Once more: ', instead))) {
    throw new BerthError('bad_request', 'the two passwords are not the same', { hint: 'try again' });
  }
  return { ...current, password };
}
