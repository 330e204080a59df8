import { resolve } from 'node:path';
import { newClient } from '../../contract/client.ts';
import { caFingerprint, fetchCa, fetchPinnedCa } from '../../contract/pinned-ca.ts';
import { BerthError } from '../../kit/errors.ts';
import { type CliContext, command } from '../command.ts';
import { findLogin, originOf } from '../logins.ts';
import { readCa } from '../target.ts';
import { localTime } from '../terminal/format.ts';
import { clean } from '../terminal/text.ts';

type Flags = {
  caHash?: string;
  ca?: string;
  user?: string;
  name?: string;
  passwordStdin?: boolean;
  tokenStdin?: boolean;
};

export const login = command<Flags, [address: string]>({
  name: 'login',
  heading: 'Access:',
  summary: 'Log in to a manager on another machine',
  details:
    'The cluster\'s CA is pinned: by its fingerprint (--ca-hash; "berth status" on the manager prints it), from a file, or, ' +
    'where neither is given, after you have compared the fingerprint that is shown. The token that comes back is kept in ' +
    '~/.berth/config.json, readable for you only. Where no --host is given and no manager runs here, the last log-in is used.',
  arguments: [{ name: '<ADDRESS>', summary: 'https://host:8443' }],
  options: [
    { flags: '--ca-hash <SHA256>', summary: "fingerprint of the CA's certificate" },
    { flags: '--ca <FILE>', summary: "the CA's certificate (PEM)", completes: 'file' },
    { flags: '-u, --user <USER>', summary: 'user name; asked for where it is left out' },
    { flags: '--password-stdin', summary: 'read the password from standard input' },
    {
      flags: '--token-stdin',
      summary: 'read an API token from standard input, in place of user and password',
    },
    { flags: '--name <NAME>', summary: 'name of this log-in, for --host', fallback: 'the address' },
  ],
  examples: [
    ['berth login https://10.0.0.1:8443', 'asks for what it needs'],
    ['berth login https://10.0.0.1:8443 --name prod --ca ca.pem', 'then: berth --host prod node ls'],
    ['berth login 10.0.0.1 --user ci --password-stdin --ca-hash 3f9a… < password', 'in a script'],
  ],
  async run(context, flags, address) {
    const { out, globals, config } = context;
    const origin = originOf(address);
    if (origin === undefined) {
      throw new BerthError('bad_request', `"${address}" is not the address of a manager`, {
        hint: 'write it as https://host:8443',
      });
    }
    if (flags.passwordStdin && flags.tokenStdin) {
      throw new BerthError('bad_request', '--password-stdin and --token-stdin cannot both be read', {
        hint: 'leave one of them out',
      });
    }
    const ca = await trustedCa(context, flags, origin);
    const { token, user, role, expiresAt } = await authenticate(context, flags, origin, ca);
    const before = await config.read();
    const name = flags.name ?? origin.slice('https://'.length);
    await config.write({
      ...before,
      current: name,
      logins: {
        ...before.logins,
        [name]: { host: origin, ca, token, user, ...(flags.tokenStdin ? { given: true } : {}) },
      },
    });
    if (globals.json) {
      out.json({ name, host: origin, user, role, ...(expiresAt === undefined ? {} : { expiresAt }) });
      return;
    }
    const end = expiresAt === undefined ? '' : `, until ${localTime(expiresAt)}`;
    out.line(`logged in to ${origin} as ${clean(user)} (${role})${end}`);
  },
});

/** The CA that this log-in is pinned to. Nothing secret is sent before it is known. */
async function trustedCa(context: CliContext, flags: Flags, origin: string): Promise<string> {
  const { progress, prompt, config, cwd, interrupt: signal } = context;
  if (flags.ca !== undefined) return readCa(resolve(cwd, flags.ca));
  const { caHash } = flags;
  if (caHash !== undefined) {
    if (!/^([0-9a-f]{2}:?){32}$/i.test(caHash)) {
      throw new BerthError('bad_request', `--ca-hash: "${caHash}" is not a fingerprint`, {
        hint: 'give the 64 hex digits that "berth status" prints on the manager',
      });
    }
    return progress.during('reading the CA', () => fetchPinnedCa(origin, caHash, { signal }));
  }
  const known = findLogin(await config.read(), origin)?.[1].ca;
  if (known !== undefined) return known;
  if (!prompt.interactive) {
    throw new BerthError('bad_request', `the CA of ${origin} is not known here, and nobody can be asked`, {
      hint: 'add --ca-hash with the fingerprint that "berth status" prints on the manager, or --ca FILE',
    });
  }
  const ca = await progress.during('reading the CA', () => fetchCa(origin, { signal }));
  await prompt.confirm(
    `The CA of ${origin} is not known here. Its fingerprint:\n  ${caFingerprint(ca)}\n` +
      'Is it the one that "berth status" prints on the manager?',
    false,
  );
  return ca;
}

async function authenticate(
  { prompt, progress, interrupt: signal }: CliContext,
  flags: Flags,
  origin: string,
  ca: string,
): Promise<{ token: string; user: string; role: string; expiresAt?: number }> {
  if (flags.tokenStdin) {
    const token = (await prompt.piped()).trim();
    const client = newClient({ kind: 'https', url: origin, ca, token });
    try {
      const { user, role } = await progress.during('logging in', () =>
        client.call('session.whoami', undefined, { signal }),
      );
      return { token, user, role };
    } finally {
      await client.close();
    }
  }
  const user = flags.user ?? (await prompt.line('User: ', 'name one with --user'));
  const password = flags.passwordStdin
    ? await prompt.piped()
    : await prompt.secret('Password: ', 'pipe it in with --password-stdin');
  const client = newClient({ kind: 'https', url: origin, ca });
  try {
    return await progress.during('logging in', () =>
      client.call('session.login', { user, password }, { signal }),
    );
  } finally {
    await client.close();
  }
}
