import type { FileView } from '../../../../src/contract/v1/files.ts';
import type { Action } from '../../actions/action.ts';
import { thereBy } from '../../cluster/there.ts';
import type { Text, Words } from '../../i18n/text.tsx';
import { shellWord } from '../../parts/format.ts';
import type { words } from './words.ts';

type Key = typeof words extends Words<infer K> ? K : never;
export type SettingWords = (key: Key, values?: Readonly<Record<string, string | number>>) => string;

/** Takes a config or a secret away, and says who has it. */
export function removeFile(
  { id, name, services, containers }: FileView,
  noun: 'config' | 'secret',
  w: SettingWords,
  t: Text,
): Action {
  const users = [...services, ...containers];
  return {
    ...{ id: 'file-remove', label: w('file.remove'), target: name, needs: 'operator', isDangerous: true },
    way: { cli: `berth ${noun} rm ${shellWord(name)}`, route: 'file.remove', input: { noun, file: id } },
    there: thereBy('file.list', { noun }, ({ files }) => files.some((one) => one.id === id)),
    confirm: {
      title: w('file.remove.title', { name }),
      texts: [
        w('file.remove.text'),
        ...(users.length === 0 ? [] : [w('file.remove.used', { names: users.join(', ') })]),
      ],
      typed: { label: t('action.type', { name }), word: name },
    },
  };
}

/** Forgets with what images of a registry are pulled for all services. */
export function logOutOf(registry: string, w: SettingWords, t: Text): Action {
  return {
    ...{ id: 'registry-out', label: w('registry.out'), target: registry, needs: 'admin', isDangerous: true },
    way: {
      cli: `berth registry logout ${shellWord(registry)}`,
      route: 'registry.logout',
      input: { registry },
    },
    there: thereBy('registry.list', undefined, ({ logins }) =>
      logins.some((one) => one.registry === registry && one.service === ''),
    ),
    confirm: {
      title: w('registry.out.title', { name: registry }),
      texts: [w('registry.out.text')],
      typed: { label: t('action.sure', { name: registry }), word: registry },
    },
  };
}
