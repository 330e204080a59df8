import { BerthError } from '../../../kit/errors.ts';
import { command } from '../../command.ts';
import {
  SETTINGS_TEXT,
  type SettingKey,
  settingKey,
  settingText,
  settingValues,
} from '../../setting-value.ts';
import { clean } from '../../terminal/text.ts';
import { collect } from '../../values.ts';

export const settingsSet = command<{ unset?: string[] }, [pairs: string[]]>({
  name: 'settings set',
  summary: 'Change settings of the cluster',
  details: `Lists are written with commas, memory as 512m, times as 5s (a number alone: milliseconds).\n\n${SETTINGS_TEXT}`,
  arguments: [
    { name: '[KEY=VALUE...]', summary: 'settings and their new values; one alone also as KEY VALUE' },
  ],
  options: [
    {
      flags: '--unset <KEY>',
      summary: 'go back to the default; may be given several times',
      parse: collect,
    },
  ],
  examples: [
    ['berth settings set strategy=binpack cpuOvercommit=2', 'several at once, or none of them'],
    ['berth settings set failureDomains=datacenter,room,rack', 'labels of hosts, the widest first'],
    ['berth settings set --unset strategy', 'back to the default'],
  ],
  async run({ out, globals, call }, { unset = [] }, pairs) {
    const changes = new Map<SettingKey, unknown>();
    for (const key of unset) changes.set(settingKey(key), null);
    for (const [key, value] of settingValues(pairs)) changes.set(key, value);
    if (changes.size === 0) {
      throw new BerthError('bad_request', 'no setting was given', {
        hint: 'add KEY=VALUE, or --unset KEY; "berth settings ls" shows the keys',
      });
    }
    const { settings } = await call('settings.patch', Object.fromEntries(changes));
    if (globals.json) {
      out.json(settings);
      return;
    }
    for (const key of changes.keys()) out.line(`${key}=${clean(settingText(settings[key]))}`);
  },
});
