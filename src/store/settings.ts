import { defaultSettings, type Settings } from '../model/settings.ts';
import type { ReadTx } from './store.ts';
import { SETTINGS_KEY } from './tables.ts';

/** The cluster's settings. A record of an older release may lack what has come since: that is as by default. */
export function settingsOf(tx: ReadTx): Settings {
  return { ...defaultSettings, ...tx.get('settings', SETTINGS_KEY)?.settings };
}
