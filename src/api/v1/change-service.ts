import type { ServiceView } from '../../contract/v1/services.ts';
import { BerthError } from '../../kit/errors.ts';
import type { ServiceRecord } from '../../model/deployment.ts';
import type { WriteTx } from '../../store/store.ts';
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
    const record = findService(tx, params.stack, params.service);
    if (record.removing === true || tx.get('stacks', params.stack)?.removing === true)
      throw new BerthError('conflict', `service ${params.service} is being taken away`);
    write(tx, record);
    return serviceView(tx, findService(tx, params.stack, params.service));
  });
}
