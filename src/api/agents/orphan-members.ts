import type { Orphan } from '../../model/life.ts';
import type { Endpoint, Span } from '../../model/span.ts';
import type { ReadTx } from '../../store/store.ts';
import { memberId } from './member-id.ts';

/** Hosts tell their orphans right after all else that is on them: far sooner than this after they have connected. */
export const TELL_MS = 30_000;

/** The networks that span hosts on which an orphan is. */
export function networksOf({ held }: Orphan): string[] {
  return (held?.needs.networks ?? []).flatMap(({ id, span, endpoint }) =>
    span !== undefined && endpoint !== undefined ? [id] : [],
  );
}

/** A network of which only orphans know: it was made after the backup that was put back. */
export function networkOfOrphans(
  tx: ReadTx,
  id: string,
): Readonly<{ id: string; name: string; span: Span }> | undefined {
  for (const { held } of tx.all('orphans'))
    for (const { id: networkId, spec, span } of held?.needs.networks ?? [])
      if (networkId === id && span !== undefined) return { id, name: spec.Name, span };
  return undefined;
}

/** What an orphan has in a network; undefined as well where its address is another's by now. */
export function orphanEndpoint(tx: ReadTx, networkId: string, { id, held }: Orphan): Endpoint | undefined {
  const found = held?.needs.networks.find((one) => one.id === networkId);
  if (found?.span === undefined || found.endpoint === undefined) return undefined;
  for (const ip of [found.endpoint.ipv4, found.endpoint.ipv6]) {
    const holder = ip === undefined ? undefined : tx.get('addresses', `${networkId}/${ip}`)?.holder;
    const other = holder && memberId(holder);
    if (other !== undefined && other !== id) return undefined;
  }
  return found.endpoint;
}
