import type { ApiTokenView, UserView } from '../../../../src/contract/v1/access.ts';
import type { Action } from '../../actions/action.ts';
import { type There, thereBy } from '../../cluster/there.ts';
import type { Text, Words } from '../../i18n/text.tsx';
import { shellWord } from '../../parts/format.ts';
import type { words } from './words.ts';

type Key = typeof words extends Words<infer K> ? K : never;
export type UserWords = (key: Key, values?: Readonly<Record<string, string | number>>) => string;

/** Another user may have the name by now. */
export function userThere({ name, createdAt }: Pick<UserView, 'name' | 'createdAt'>): There {
  return thereBy('user.list', undefined, ({ users }) =>
    users.some((one) => one.name === name && one.createdAt === createdAt),
  );
}

/** What may be done to a user without a form. @param tokens of all users: its own go with it */
export function userActions(
  user: UserView,
  tokens: readonly ApiTokenView[],
  w: UserWords,
  t: Text,
): readonly Action[] {
  const { name, locks } = user;
  const own = { target: name, needs: 'admin' } as const;
  const word = shellWord(name);
  const lost = tokens.filter((one) => one.user === name && !one.session);
  return [
    ...(locks.length === 0
      ? []
      : [
          {
            ...{ ...own, id: 'user-unlock', label: w('user.unlock') },
            way: { cli: `berth user unlock ${word}`, route: 'user.unlock', input: { user: name } },
          } as const,
        ]),
    {
      ...{ ...own, id: 'user-remove', label: w('user.remove'), isDangerous: true },
      way: { cli: `berth user rm ${word}`, route: 'user.delete', input: { user: name } },
      there: userThere(user),
      confirm: {
        title: w('user.remove.title', { name }),
        texts: [
          w('user.remove.text', { name }),
          ...(lost.length === 0
            ? []
            : [w('user.remove.tokens', { n: lost.length, names: lost.map((one) => one.name).join(', ') })]),
        ],
        typed: { label: t('action.type', { name }), word: name },
      },
    },
  ];
}

/** @param own name of whoever asks: one's own tokens anybody may take back */
export function removeToken({ id, name, user }: ApiTokenView, own: string, w: UserWords, t: Text): Action {
  return {
    ...{ id: 'token-remove', label: w('token.remove'), target: name, isDangerous: true },
    needs: user === own ? 'viewer' : 'admin',
    way: { cli: `berth api-token rm ${id}`, route: 'apiToken.delete', input: { id } },
    there: thereBy('apiToken.list', user === own ? {} : { all: true }, ({ tokens }) =>
      tokens.some((one) => one.id === id),
    ),
    confirm: {
      title: w('token.remove.title', { name }),
      texts: [w('token.remove.text')],
      typed: { label: t('action.sure', { name }), word: name },
    },
  };
}

/** Of hosts that are there already it takes nothing. */
export function removeJoinToken(id: string, w: UserWords, t: Text): Action {
  return {
    ...{ id: 'join-remove', label: w('join.remove'), target: id, needs: 'admin', isDangerous: true },
    way: { cli: `berth token rm ${id}`, route: 'token.delete', input: { id } },
    there: thereBy('token.list', undefined, ({ tokens }) => tokens.some((one) => one.id === id)),
    confirm: {
      title: w('join.remove.title', { name: id }),
      texts: [w('join.remove.text')],
      typed: { label: t('action.type', { name: id }), word: id },
    },
  };
}
