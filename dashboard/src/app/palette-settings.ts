import type { Resources } from '../cluster/use-resources.ts';
import type { Text } from '../i18n/text.tsx';
import { logOutOf, removeFile, type SettingWords } from '../pages/settings/setting-actions.ts';
import { removeJoinToken, type UserWords } from '../pages/users/user-actions.ts';
import type { FoundGroup } from './found.ts';

type SettingTab = 'configs' | 'secrets' | 'registries' | 'join';

/** What holds for the whole cluster and has a name. @param open its list */
export function foundSettings(
  { configs, secrets, logins, joinTokens }: Resources,
  sw: SettingWords,
  uw: UserWords,
  t: Text,
  open: (tab: SettingTab) => void,
): readonly FoundGroup[] {
  const files = (
    noun: 'config' | 'secret',
    tab: 'configs' | 'secrets',
    all: Resources['configs'],
  ): FoundGroup => ({
    title: sw(tab),
    all: all.map((one) => ({
      ...{ id: `${noun}-${one.id}`, icon: 'settings', text: one.name, note: one.stack, texts: [one.stack] },
      run: () => open(tab),
      actions: () => [removeFile(one, noun, sw, t)],
    })),
  });
  return [
    files('config', 'configs', configs),
    files('secret', 'secrets', secrets),
    {
      title: sw('registries'),
      all: logins.map(({ registry, service, username }) => ({
        ...{ id: `registry-${registry} ${service}`, icon: 'lock', text: registry },
        ...{ note: [username, service].filter(Boolean).join(' · '), texts: [username, service] },
        run: () => open('registries'),
        // That of one service goes with it.
        actions: () => (service === '' ? [logOutOf(registry, sw, t)] : []),
      })),
    },
    {
      title: uw('join'),
      all: joinTokens.map(({ id, createdBy, usedBy }) => ({
        ...{ id: `join-${id}`, icon: 'hosts', text: id, note: createdBy, texts: [createdBy, ...usedBy] },
        run: () => open('join'),
        actions: () => [removeJoinToken(id, uw, t)],
      })),
    },
  ];
}
