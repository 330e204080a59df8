import { ROLES, type Role } from '../../../model/access.ts';
import { command } from '../../command.ts';
import { when } from '../../terminal/format.ts';
import { clean } from '../../terminal/text.ts';
import { parseDuration } from '../../values.ts';

export const apiTokenCreate = command<{ role?: Role; ttl?: number; user?: string }, [name: string]>({
  name: 'api-token create',
  summary: 'Make a token for a program',
  details:
    'It is printed this once. A program sends it as "Authorization: Bearer TOKEN"; berth takes it from BERTH_TOKEN, with ' +
    "the address in BERTH_HOST and the CA's certificate in the file BERTH_CA.",
  arguments: [{ name: '<NAME>', summary: 'what you call it' }],
  options: [
    { flags: '--role <ROLE>', summary: 'what it may do', choices: ROLES, fallback: "the user's own role" },
    {
      flags: '--ttl <DURATION>',
      summary: 'how long it is good for',
      parse: parseDuration,
      fallback: 'for ever',
    },
    { flags: '--user <USER>', summary: 'whom it stands for; only an admin may name another' },
  ],
  examples: [['berth api-token create ci --role operator --ttl 90d', 'for a pipeline']],
  async run({ out, globals, call, clock }, { role, ttl, user }, name) {
    const made = await call('apiToken.create', {
      name,
      ...(role === undefined ? {} : { role }),
      ...(ttl === undefined ? {} : { ttlSeconds: ttl }),
      ...(user === undefined ? {} : { user }),
    });
    if (globals.json) {
      out.json(made);
      return;
    }
    out.line(clean(made.token));
    const end = made.expiresAt === undefined ? 'does not end' : `ends ${when(made.expiresAt, clock.now())}`;
    out.note(`stands for ${clean(made.user)} as ${made.role}, ${end}; it is shown this once`);
  },
});
