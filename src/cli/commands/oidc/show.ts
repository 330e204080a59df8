import { command } from '../../command.ts';
import { clean } from '../../terminal/text.ts';

export const oidcShow = command({
  name: 'oidc show',
  summary: 'Show by which provider people log in, and who gets which role',
  examples: [['berth oidc show --json', 'all of it, without the secret']],
  async run({ out, globals, call }) {
    const { provider } = await call('oidc.get');
    if (globals.json) {
      out.json(provider ?? null);
      return;
    }
    if (provider === undefined) {
      out.line('nobody logs in by a provider: "berth oidc set" sets one');
      return;
    }
    const { settings, redirect, hasSecret } = provider;
    const { issuer, clientId, roleClaim, roles, otherwise } = settings;
    out.line(`issuer     ${clean(issuer)}`);
    out.line(`client     ${clean(clientId)}${hasSecret ? ', with a secret' : ', without a secret'}`);
    out.line(`sends to   ${clean(redirect)}`);
    for (const [role, groups] of Object.entries(roles))
      if (groups.length > 0) out.line(`${role.padEnd(10)} ${clean(roleClaim)}: ${clean(groups.join(', '))}`);
    out.line(`others     ${otherwise === 'none' ? 'are refused' : otherwise}`);
  },
});
