import { say } from '../../model/said/index.ts';
import { accepts, expressionKey } from '../expression.ts';
import { type Filter, sameForAll } from './filter.ts';

/** `whitelist:node==a|b`: these hosts only, whatever the key is called, as in classic Swarm. */
export const whitelist: Filter = {
  name: 'whitelist',
  prepare: (request, { soft }) =>
    request.whitelists
      .filter((expression) => soft || !expression.soft)
      .map((expression) => ({
        passes: (host) => accepts(expression, [host.name, host.id]),
        kept: { key: expressionKey(expression), changesWith: 'host' },
        reason: sameForAll(() => say('placement.whitelist', { text: expression.text })),
      })),
};
