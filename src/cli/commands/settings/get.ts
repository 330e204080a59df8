import { command } from '../../command.ts';
import { settingKey, settingText } from '../../setting-value.ts';
import { clean } from '../../terminal/text.ts';

export const settingsGet = command<Record<never, never>, [key: string]>({
  name: 'settings get',
  summary: 'Print one setting',
  arguments: [{ name: '<KEY>', summary: 'as "berth settings ls" names it' }],
  examples: [['berth settings get strategy', 'spread, unless it was changed']],
  async run({ out, globals, call }, _, text) {
    const key = settingKey(text);
    const { settings } = await call('settings.get');
    if (globals.json) out.json({ [key]: settings[key] });
    else out.line(clean(settingText(settings[key])));
  },
});
