import { newShortId } from '../../kit/ids.ts';
import { defaultSettings } from '../../model/settings.ts';
import { SETTINGS_KEY, type Store } from '../../store/index.ts';
import { hashPassword, newPassword } from './password.ts';

/** The user that the first run makes, and for whom root on the manager acts where a name is needed. */
export const FIRST_USER = 'admin';

export type FirstRun = Readonly<{
  clusterId: string;
  /** The generated password of `admin`: only from the run that made the user. Shown once, kept nowhere. */
  adminPassword?: string;
}>;

/** Makes the settings record (with a new cluster ID) and the first user, both or neither, where they are missing. */
export async function firstRun(store: Store, now: number): Promise<FirstRun> {
  const found = store.view((tx) => ({
    record: tx.get('settings', SETTINGS_KEY),
    users: tx.count('users'),
  }));
  if (found.record !== undefined && found.users > 0) return { clusterId: found.record.clusterId };
  const password = newPassword();
  const passwordHash = await hashPassword(password);
  return store.update((tx) => {
    const clusterId = tx.get('settings', SETTINGS_KEY)?.clusterId ?? newShortId(24);
    if (tx.get('settings', SETTINGS_KEY) === undefined) {
      tx.put('settings', { kind: 'settings', clusterId, settings: defaultSettings });
    }
    if (tx.count('users') > 0) return { clusterId };
    tx.put('users', { kind: 'user', name: FIRST_USER, role: 'admin', passwordHash, createdAt: now });
    return { clusterId, adminPassword: password };
  });
}
