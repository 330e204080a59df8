import type { ServiceView } from '../../contract/v1/services.ts';
import { BerthError } from '../../kit/errors.ts';
import type { ServiceRecord } from '../../model/deployment.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import type { Call } from './handler.ts';
import { findService, serviceView } from './service-view.ts';

type ServiceCall =
  | Call<`service.${'scale' | 'restart'}`>
  | Call<`release.${'rollback' | 'pause' | 'resume' | 'weight' | 'confirm'}`>;

/**
 * One transaction; answers with the service as it is then.
 * @throws BerthError `not_found`; `conflict` while it is being taken away
 */
export async function changeService(
  { deps, params, about }: Pick<ServiceCall, 'deps' | 'params' | 'about'>,
  write: (tx: WriteTx, record: ServiceRecord) => void,
): Promise<ServiceView> {
  about(`${params.stack}/${params.service}`);
  return deps.store.update((tx) => {
    write(tx, findChangeable(tx, params.stack, params.service));
    return serviceView(tx, findService(tx, params.stack, params.service));
  });
}

/** @throws BerthError `not_found`; `conflict` while it is being taken away */
export function findChangeable(tx: ReadTx, stack: string, name: string): ServiceRecord {
  const record = findService(tx, stack, name);
  if (record.removing === true || tx.get('stacks', stack)?.removing === true)
    throw new BerthError('conflict', `service ${name} is being taken away`);
  return record;
}
