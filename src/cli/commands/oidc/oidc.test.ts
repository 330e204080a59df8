import { expect, it } from 'vitest';
import { type OidcProviderView, oidcSettingsSchema } from '../../../contract/v1/oidc.ts';
import { withManager } from '../../testing/run.ts';

const settings = oidcSettingsSchema.parse({
  ...{ issuer: 'https://id.example.com', clientId: 'berth', address: 'https://berth.example.com:8443' },
  roles: { admin: ['ops'], viewer: ['staff'] },
});
const provider: OidcProviderView = {
  ...{ settings, hasSecret: true, redirect: 'https://berth.example.com:8443/login/oidc', at: 1, by: 'root' },
  endpoints: {
    authorization: 'https://id.example.com/auth',
    token: 'https://id.example.com/token',
    keys: 'https://id.example.com/keys',
  },
};

it('set reads the secret from standard input alone, and says what the provider has to know', async () => {
  const { berth, manager } = await withManager({ 'oidc.set': () => provider });
  const words = 'oidc set https://id.example.com berth https://berth.example.com:8443 --role admin=ops';
  const set = await berth([...words.split(' '), '--role', 'viewer=a=b', '--secret-stdin'], {
    input: 'the secret\n',
  });
  expect(manager.calls[0]?.input).toMatchObject({
    ...{ issuer: settings.issuer, clientId: 'berth', address: settings.address, clientSecret: 'the secret' },
    roles: { admin: ['ops'], operator: [], viewer: ['a=b'] },
  });
  expect(set.stdout).toContain('send them back to https://berth.example.com:8443/login/oidc');
  expect(set.stdout + set.stderr).not.toContain('the secret');
  await berth(words.split(' '));
  expect(manager.calls[1]?.input).not.toHaveProperty('clientSecret');
  for (const wrong of ['ops', 'root=ops', 'admin='])
    expect(await berth([...words.split(' '), '--role', wrong])).toMatchObject({ code: 2 });
});

it('show and rm', async () => {
  const { berth } = await withManager({ 'oidc.get': () => ({ provider }), 'oidc.delete': () => ({}) });
  expect((await berth(['oidc', 'show'])).stdout).toBe(
    [
      'issuer     https://id.example.com',
      'client     berth, with a secret',
      'sends to   https://berth.example.com:8443/login/oidc',
      'admin      groups: ops',
      'viewer     groups: staff',
      'others     are refused',
      '',
    ].join('\n'),
  );
  expect((await berth(['oidc', 'rm'])).code).toBe(0);
  const nobody = await withManager({ 'oidc.get': () => ({}) });
  expect((await nobody.berth(['oidc', 'show'])).stdout).toContain('"berth oidc set" sets one');
});
