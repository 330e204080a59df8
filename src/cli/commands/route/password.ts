import { randomBytes } from 'node:crypto';
import { hashCredentials } from '../../../kit/credentials.ts';
import { BerthError } from '../../../kit/errors.ts';
import { command } from '../../command.ts';

export const routePassword = command<{ passwordStdin?: boolean; add?: string }, [users: string[]]>({
  name: 'route password',
  summary: 'Print what a route needs to ask for names and passwords',
  details:
    'What it prints is the value of the label berth.routing.basic_auth, or of basic_auth of a balancer. It has a hash of each name with its password, and neither of the passwords; nothing is sent to a manager.',
  arguments: [{ name: '<USER...>', summary: 'names; the password of each is asked for' }],
  options: [
    { flags: '--password-stdin', summary: 'read the passwords from standard input, a line each' },
    { flags: '--add <VALUE>', summary: 'keep the users of this value, which an earlier call has printed' },
  ],
  examples: [
    ['berth route password ann bob', 'two users'],
    ['berth route password --password-stdin ann < password.txt', 'without a question'],
  ],
  async run({ out, globals, prompt }, { passwordStdin, add }, users) {
    const [salt = randomBytes(16).toString('base64'), ...known] = add?.trim().split(/\s+/) ?? [];
    if (!/^[A-Za-z0-9+/]{22,86}={0,2}$/.test(salt))
      throw new BerthError('bad_request', '--add is not what "berth route password" prints', {
        hint: 'give it in quotes, as it stands in the label',
      });
    const piped = passwordStdin ? (await prompt.piped()).split(/\r?\n/) : [];
    const made: string[] = [];
    for (const [i, user] of users.entries()) {
      if (!/^[\x21-\x39\x3b-\x7e]{1,128}$/.test(user))
        throw new BerthError('bad_request', `"${user}" is not a name: printable ASCII without : and spaces`);
      const password = passwordStdin
        ? piped[i]
        : await prompt.secret(`Password of ${user}: `, '--password-stdin');
      if (password === undefined || password === '')
        throw new BerthError('bad_request', `there is no password for ${user}`, {
          hint: passwordStdin ? 'give a line for each user' : 'type one',
        });
      made.push(`${user}:${hashCredentials(user, password, salt)}`);
    }
    const kept = known.filter((one) => !users.includes(one.slice(0, one.lastIndexOf(':'))));
    const value = [salt, ...kept, ...made].join(' ');
    if (globals.json) out.json({ value });
    else out.line(value);
  },
});
