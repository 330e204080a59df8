import { BerthError } from '../../../kit/errors.ts';
import { type ServiceRecord, serviceKey } from '../../../model/deployment.ts';
import type { ReadTx } from '../../../store/store.ts';
import { isLeaving } from '../../services/leaving.ts';
import { dockerName, OWN_STACK, serviceId } from './names.ts';

/** Services that nobody takes away, by their names in Docker. */
export function liveServices(tx: ReadTx): ServiceRecord[] {
  return [...tx.all('services')]
    .filter((record) => !isLeaving(tx, record))
    .sort((a, b) => (dockerName(a) < dockerName(b) ? -1 : 1));
}

/**
 * The service of that ID, name, or beginning of an ID.
 * @throws BerthError `not_found` in Docker's words; `bad_request` where several fit
 */
export function findService(tx: ReadTx, reference: string): ServiceRecord {
  const named = servicesNamed(tx, reference).filter((record) => !isLeaving(tx, record));
  const found =
    named.length > 0 || !/^[0-9a-f]{1,25}$/.test(reference)
      ? named
      : liveServices(tx).filter((record) => serviceId(record).startsWith(reference));
  const [first] = found;
  if (found.length > 1)
    throw new BerthError('bad_request', `service ${reference} is ambiguous (${found.length} matches found)`);
  if (first === undefined) throw new BerthError('not_found', `service ${reference} not found`);
  return first;
}

/** With those that are being taken away. */
export function servicesNamed(tx: ReadTx, name: string): readonly ServiceRecord[] {
  const found: ServiceRecord[] = [];
  const add = (stack: string, service: string) => {
    const record = tx.get('services', serviceKey(stack, service));
    if (record !== undefined) found.push(record);
  };
  add(OWN_STACK, name);
  for (let cut = name.indexOf('_'); cut > 0; cut = name.indexOf('_', cut + 1))
    if (name.slice(0, cut) !== OWN_STACK) add(name.slice(0, cut), name.slice(cut + 1));
  return found;
}
