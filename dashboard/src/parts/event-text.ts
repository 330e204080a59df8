import type { PastEvent, ToldEvent } from '../../../src/contract/v1/cluster.ts';
import type { Text } from '../i18n/text.tsx';
import { stateText, wordOf } from './state.tsx';

export type Told = PastEvent & Readonly<{ event: ToldEvent }>;

export function isTold(one: PastEvent): one is Told {
  return one.event.kind !== 'reset';
}

/** What has happened, in a sentence. A kind of event without one does not compile. */
export function eventText(event: ToldEvent, t: Text, hostName: (id: string) => string): string {
  const { kind, change } = event;
  const isGone = change === 'removed';
  switch (kind) {
    case 'container': {
      const values = {
        name: event.name,
        host: hostName(event.hostId),
        state: stateText(t, event.state, event.health),
      };
      return t(isGone ? 'event.container.removed' : 'event.container', values);
    }
    case 'node': {
      const values = { name: event.name, state: wordOf(t, 'state', event.state) };
      if (isGone) return t('event.node.removed', values);
      if (change === 'added') return t('event.node.added', values);
      return t(event.cordoned ? 'event.node.cordoned' : 'event.node', values);
    }
    case 'service': {
      const values = { name: `${event.stack}/${event.name}`, ready: event.ready, wanted: event.wanted };
      return t(isGone ? 'event.service.removed' : 'event.service', values);
    }
    case 'stack': {
      const key = isGone ? 'event.stack.removed' : change === 'added' ? 'event.stack.added' : 'event.stack';
      return t(key, { name: event.name });
    }
    case 'network':
    case 'volume':
      return t(`event.${kind}.${change}`, { name: event.name });
    case 'certificate':
      return t('event.certificate', { name: event.name });
  }
}
