import { BerthError } from '../../kit/errors.ts';
import { defaultSettings, type Settings, settingsSchema } from '../../model/settings.ts';
import type { ReadTx } from '../../store/store.ts';
import { SETTINGS_KEY } from '../../store/tables.ts';
import type { Handlers } from './handler.ts';

export const settingsHandlers: Handlers<'settings.get' | 'settings.patch'> = {
  // A record of an older release may lack what has come since.
  'settings.get': ({ deps }) => ({ settings: { ...defaultSettings, ...deps.store.view(read).settings } }),

  'settings.patch': async ({ deps, body, about }) => {
    about(Object.keys(body).join(','));
    const before = deps.store.view(read).settings;
    const settings = merge(before, body);
    await deps.checkSettings?.(settings);
    return deps.store.update((tx) => {
      const record = read(tx);
      if (record.settings !== before) {
        throw new BerthError('conflict', 'the settings were changed by somebody else at the same time', {
          hint: 'look at them and try again',
        });
      }
      tx.put('settings', { ...record, settings });
      return { settings };
    });
  },
};

function read(tx: ReadTx) {
  const record = tx.get('settings', SETTINGS_KEY);
  if (record === undefined) throw new BerthError('internal', 'the cluster has no settings record');
  return record;
}

function merge(before: Settings, patch: Readonly<Record<string, unknown>>): Settings {
  const changed: Record<string, unknown> = { ...defaultSettings, ...before };
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    changed[key] = value === null ? defaultSettings[key as keyof Settings] : value;
  }
  const settings = settingsSchema.parse(changed);
  if (settings.downAfterMs < settings.suspectAfterMs) {
    throw new BerthError(
      'bad_request',
      `downAfterMs (${settings.downAfterMs}) is less than suspectAfterMs (${settings.suspectAfterMs})`,
      { hint: 'a host is suspect before it is down: change both' },
    );
  }
  const relative = settings.plugins.find((path) => !path.startsWith('/'));
  if (relative !== undefined) {
    throw new BerthError('bad_request', `plugins: "${relative}" is not an absolute path on the manager`);
  }
  return settings;
}
