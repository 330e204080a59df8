import type { AddressView } from '../../../../src/contract/v1/addresses.ts';
import type { Words } from '../../i18n/text.tsx';
import type { words } from './words.ts';

type Key = typeof words extends Words<infer K> ? K : never;
type Say = (key: Key, values?: Readonly<Record<string, string>>) => string;

/** Who has an address, or had it; empty of one that nobody has. */
export function holderText(address: AddressView | undefined, w: Say): string {
  const who = address?.heldBy;
  if (who === undefined) return address?.holder ?? '';
  switch (who.kind) {
    case 'container':
      if (who.host === undefined) return w('holder.container', { name: who.name });
      return w('holder.container.on', { name: who.name, host: who.host });
    case 'plain':
      return w('holder.plain', { name: who.name, host: who.host });
    case 'gateway':
      return w('holder.gateway');
    case 'left':
      return w('holder.left', { host: who.host });
    case 'aux':
    case 'reservation':
      return w(`holder.${who.kind}`, { name: who.name });
    case 'gone':
      return who.name === undefined ? w('holder.gone') : w('holder.gone.of', { name: who.name });
  }
}
