import { expect, it } from 'vitest';
import { nameByClaims, oidcSettingsSchema, roleByClaims } from './oidc.ts';

const settings = oidcSettingsSchema.parse({
  ...{ issuer: 'https://id.example.com/realms/x', clientId: 'berth', address: 'https://10.0.0.1:8443' },
  roles: { admin: ['ops', 'root'], viewer: ['staff'] },
});

it('gives the highest role of those that an account has, and none by itself', () => {
  const role = (groups: unknown, more = {}) => roleByClaims({ groups }, { ...settings, ...more });
  expect(role(['staff', 'ops'])).toBe('admin');
  expect(role('staff')).toBe('viewer');
  for (const none of [undefined, [], ['Ops'], 'opsx', { ops: true }, [['ops']], null])
    expect(role(none)).toBeUndefined();
  expect(role(['guest'], { otherwise: 'viewer' })).toBe('viewer');
});

it('makes a name of this cluster of what the account is called', () => {
  const name = (said: unknown) => nameByClaims({ preferred_username: said }, settings);
  expect(name('Ann.Lee@example.com')).toBe('ann.lee');
  expect(name('1ann')).toBe('ann');
  expect(name('Änn Lee')).toBe('nn-lee');
  for (const none of [undefined, 7, '', '@x', '王', 'a'.repeat(40)])
    expect(name(none), String(none)).toBeUndefined();
  // As the audit log calls who came by the manager's own socket, and what nobody has asked for.
  for (const own of ['root', 'Root@example.com', '-system']) expect(name(own), own).toBeUndefined();
});

it('takes no provider without TLS', () => {
  for (const issuer of [
    'http://id.example.com',
    'https://',
    'https://a b',
    'https://a/?x',
    'file:///etc/passwd',
  ])
    expect(oidcSettingsSchema.safeParse({ ...settings, issuer }).success, issuer).toBe(false);
  expect(oidcSettingsSchema.safeParse({ ...settings, address: 'https://a/path' }).success).toBe(false);
});
