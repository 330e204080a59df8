import { newClient } from '../../contract/client.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { type CliContext, command } from '../command.ts';
import { findLogin, type Login } from '../logins.ts';
import { clean } from '../terminal/text.ts';

export const logout = command<Record<never, never>, [name: string | undefined]>({
  name: 'logout',
  heading: 'Access:',
  summary: 'End a log-in, here and on the manager',
  details: 'An API token that was given with --token-stdin is forgotten here, and stays good.',
  arguments: [{ name: '[NAME]', summary: 'name or address of the log-in; the last one unless told' }],
  examples: [
    ['berth logout', 'the last log-in'],
    ['berth logout prod', 'another one'],
  ],
  async run(context, _, given) {
    const { out, globals, config } = context;
    const before = await config.read();
    const wanted = given ?? globals.host ?? before.current;
    const found = wanted === undefined ? undefined : findLogin(before, wanted);
    if (found === undefined) {
      throw new BerthError('not_found', wanted === undefined ? 'not logged in' : `no log-in "${wanted}"`, {
        hint: `there are: ${Object.keys(before.logins).join(', ') || 'none'}`,
      });
    }
    const [name, login] = found;
    if (!login.given) await end(context, login);
    const { [name]: _gone, ...logins } = before.logins;
    const { current, ...rest } = before;
    await config.write({
      ...rest,
      logins,
      ...(current === name || current === undefined ? {} : { current }),
    });
    if (globals.json) out.json({ name, host: login.host });
    else out.line(`logged out of ${clean(login.host)}`);
  },
});

async function end(
  { out, progress, interrupt: signal }: CliContext,
  { host, ca, token }: Login,
): Promise<void> {
  const client = newClient({ kind: 'https', url: host, ca, token });
  try {
    await progress.during('logging out', () => client.call('session.logout', undefined, { signal }));
  } catch (thrown) {
    // The token goes from here in any case; what the manager still holds ends with its time.
    if (!(thrown instanceof BerthError)) throw thrown;
    if (thrown.code !== 'unauthenticated') out.warn(`the manager could not be told: ${messageOf(thrown)}`);
  } finally {
    await client.close();
  }
}
