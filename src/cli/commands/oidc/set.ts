import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { BerthError, messageOf } from '../../../kit/errors.ts';
import { ROLES, type Role } from '../../../model/access.ts';
import { command } from '../../command.ts';
import { clean } from '../../terminal/text.ts';
import { collect } from '../../values.ts';

type Flags = {
  secretStdin?: boolean;
  role?: string[];
  otherwise?: Role | 'none';
  nameClaim?: string;
  roleClaim?: string;
  scope?: string[];
  label?: string;
  caFile?: string;
};

export const oidcSet = command<Flags, [issuer: string, client: string, address: string]>({
  name: 'oidc set',
  summary: 'Let people log in to the dashboard with accounts of an OpenID Connect provider',
  details:
    "The provider is asked what it is, and has to answer. Give it ADDRESS/login/oidc as the client's redirect URI. The secret is never an argument: who lists this machine's processes would see it.",
  arguments: [
    { name: '<ISSUER>', summary: 'URL of the provider, as it names itself' },
    { name: '<CLIENT>', summary: 'how the provider knows this cluster' },
    { name: '<ADDRESS>', summary: 'where people open the dashboard, such as https://berth.example.com:8443' },
  ],
  options: [
    {
      flags: '--secret-stdin',
      summary: "read the client's secret from standard input; without it the one before stays",
    },
    {
      flags: '--role <ROLE=GROUP>',
      summary: 'who is in that group has the role; may be given several times',
      parse: collect,
    },
    {
      flags: '--otherwise <ROLE>',
      summary: 'role of all others of the provider, or none',
      choices: ['none', ...ROLES],
      fallback: 'none',
    },
    { flags: '--name-claim <CLAIM>', summary: 'from what names are taken', fallback: 'preferred_username' },
    { flags: '--role-claim <CLAIM>', summary: 'where groups stand', fallback: 'groups' },
    { flags: '--scope <SCOPE>', summary: 'beside openid; may be given several times', parse: collect },
    { flags: '--label <TEXT>', summary: 'on the button', fallback: 'Single sign-on' },
    {
      flags: '--ca-file <FILE>',
      summary: "PEM of the CAs of the provider's servers, where no public one has signed them",
    },
  ],
  examples: [
    [
      'berth oidc set https://id.example.com/realms/ops berth https://berth.example.com:8443 --role admin=ops --role viewer=staff --secret-stdin < secret.txt',
      'members of ops are admins, of staff viewers, and all others are refused',
    ],
  ],
  async run({ out, globals, call, prompt, cwd }, flags, issuer, client, address) {
    const { secretStdin, role, otherwise, nameClaim, roleClaim, scope, label } = flags;
    const made = await call('oidc.set', {
      ...{ issuer, clientId: client, address, roles: rolesOf(role ?? []) },
      ...(secretStdin ? { clientSecret: (await prompt.piped()).trim() } : {}),
      ...(otherwise === undefined ? {} : { otherwise }),
      ...(nameClaim === undefined ? {} : { nameClaim }),
      ...(roleClaim === undefined ? {} : { roleClaim }),
      ...(scope === undefined ? {} : { scopes: scope }),
      ...(label === undefined ? {} : { label }),
      ...(flags.caFile === undefined ? {} : { ca: pemOf(resolve(cwd, flags.caFile)) }),
    });
    if (globals.json) {
      out.json(made);
      return;
    }
    out.line(`people log in by ${clean(issuer)}; it has to send them back to ${clean(made.redirect)}`);
    for (const url of Object.values(made.endpoints)) out.note(`uses ${clean(url)}`);
  },
});

function rolesOf(words: readonly string[]): Record<Role, string[]> {
  const roles: Record<Role, string[]> = { admin: [], operator: [], viewer: [] };
  for (const word of words) {
    const at = word.indexOf('=');
    const role = ROLES.find((one) => one === word.slice(0, at));
    if (role === undefined || at === word.length - 1)
      throw new BerthError('bad_request', `--role: "${word}" is not ROLE=GROUP`, {
        hint: `write it as admin=ops; roles are ${ROLES.join(', ')}`,
      });
    roles[role].push(word.slice(at + 1));
  }
  return roles;
}

function pemOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new BerthError('bad_request', `--ca-file: ${messageOf(thrown)}`);
  }
}
