import { defaultSettings } from '../../../model/settings.ts';
import { command } from '../../command.ts';
import { SETTING_KEYS, settingText } from '../../setting-value.ts';

/** Of what is a file, the size: "berth settings get" prints all of it. */
const shortened = (text: string) => (text.includes('\n') ? `(${text.length} characters)` : text);

export const settingsLs = command({
  name: 'settings ls',
  aliases: ['list'],
  summary: 'List the settings of the cluster',
  details: '"berth help settings set" says what each is for.',
  examples: [['berth settings ls', 'what is set, and what the default is']],
  async run({ out, globals, call }) {
    const { settings } = await call('settings.get');
    if (globals.json) {
      out.json(settings);
      return;
    }
    out.table(
      [
        { header: 'KEY', cell: (key) => key },
        { header: 'VALUE', cell: (key) => shortened(settingText(settings[key])) },
        {
          header: 'DEFAULT',
          cell: (key) => ({ text: settingText(defaultSettings[key]), style: 'dim' }),
        },
      ],
      SETTING_KEYS,
    );
  },
});
