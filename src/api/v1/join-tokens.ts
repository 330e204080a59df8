import type { JoinTokenView } from '../../contract/v1/join-tokens.ts';
import { BerthError } from '../../kit/errors.ts';
import { newJoinToken } from '../../link/index.ts';
import type { JoinToken } from '../../model/access.ts';
import type { WriteTx } from '../../store/store.ts';
import { hostPort } from './deps.ts';
import type { Handlers } from './handler.ts';
import { joinCommand } from './join-command.ts';

/** A token that has ended stays listed for this long, so that one sees why a host was refused. */
const KEPT_AFTER_END_MS = 24 * 60 * 60_000;
const MAX_TOKENS = 1000;

export const joinTokenHandlers: Handlers<'token.create' | 'token.list' | 'token.delete'> = {
  'token.create': async ({ deps, body, principal, about }) => {
    const now = deps.clock.now();
    const { record, token } = newJoinToken({
      caHash: deps.ca.fingerprint,
      now,
      ttl: body.ttlSeconds * 1000,
      uses: body.uses,
      labels: body.labels,
      createdBy: principal.user,
    });
    about(record.id);
    const manager = hostPort(deps.address, deps.apiPort);
    const command = joinCommand({ manager, token, caPem: deps.ca.certificate });
    await deps.store.update((tx) => {
      dropEnded(tx, now);
      if (tx.count('joinTokens') >= MAX_TOKENS) {
        throw new BerthError('conflict', `there are ${MAX_TOKENS} join tokens, which is as many as may be`, {
          hint: 'remove some with "berth token rm"',
        });
      }
      tx.put('joinTokens', record);
    });
    return { ...viewOf(record), token, command };
  },

  'token.list': ({ deps }) =>
    deps.store.view((tx) => ({
      tokens: [...tx.all('joinTokens')].sort((a, b) => a.createdAt - b.createdAt).map(viewOf),
    })),

  'token.delete': ({ deps, params }) =>
    deps.store.update((tx) => {
      if (tx.delete('joinTokens', params.id)) return {};
      throw new BerthError('not_found', `there is no join token "${params.id.slice(0, 32)}"`, {
        hint: '"berth token ls" lists them by ID',
      });
    }),
};

function dropEnded(tx: WriteTx, now: number): void {
  for (const token of [...tx.all('joinTokens')])
    if (token.expiresAt + KEPT_AFTER_END_MS < now) tx.delete('joinTokens', token.id);
}

function viewOf(token: JoinToken): JoinTokenView {
  const { id, createdAt, createdBy, expiresAt, usesLeft, labels, usedBy } = token;
  return { id, createdAt, createdBy, expiresAt, usesLeft, labels, usedBy };
}
