import { expect, it } from 'vitest';
import { newMemoryStore } from '../../store/index.ts';
import { principalOfCertificate } from './certificate.ts';

const subject = (CN: string, OU: string) => ({ CN, OU }) as never;
const at = (time: string) => new Date(time).toUTCString();

async function storeWith(createdAt: string, role: 'viewer' | 'admin') {
  const store = newMemoryStore();
  await store.update((tx) =>
    tx.put('users', { kind: 'user', name: 'ann', role, passwordHash: '', createdAt: Date.parse(createdAt) }),
  );
  return store;
}

it('a certificate stands for its user with the lower of two roles', async () => {
  const store = await storeWith('2026-01-01T12:00:00Z', 'viewer');
  const valid_from = at('2026-01-02T12:00:00Z');
  for (const role of ['viewer', 'admin'])
    expect(principalOfCertificate(store, { subject: subject('ann', role), valid_from }, '10.0.0.1')).toEqual({
      user: 'ann',
      role: 'viewer',
      via: 'docker',
      from: '10.0.0.1',
    });
});

it('a certificate is refused that names nobody, a host, or a user that is gone', async () => {
  const store = await storeWith('2026-01-01T12:00:00Z', 'admin');
  const refused = (CN: string, OU: string) => () =>
    principalOfCertificate(store, { subject: subject(CN, OU) }, '');
  expect(refused('ann', 'host')).toThrow('names no user and role');
  expect(refused('bob', 'admin')).toThrow('"bob" of the client certificate does not exist');
  expect(() => principalOfCertificate(store, undefined, '')).toThrow('names no user and role');
});

it('a certificate of an earlier user of the same name is refused', async () => {
  const store = await storeWith('2026-01-01T12:00:00.500Z', 'admin');
  const made = (valid_from: string) => () =>
    principalOfCertificate(store, { subject: subject('ann', 'admin'), valid_from: at(valid_from) }, '');
  // Certificates begin ten minutes before they are made.
  expect(made('2026-01-01T11:49:00Z')).toThrow('older than its user');
  expect(made('2026-01-01T11:50:00Z')).not.toThrow();
});
