import { BerthError } from '../../../kit/errors.ts';
import type { SpanDriver } from '../../../model/spanning/driver.ts';
import { spanDriver } from '../../../model/spanning/registry.ts';
import { settingsOf } from '../../../store/settings.ts';
import type { ReadTx } from '../../../store/store.ts';
import { driverHosts } from '../../networks/usable-drivers.ts';
import type { CreateNetworkBody } from './create-body.ts';

/** Swarm mode's driver, which `docker stack deploy` asks for: over all hosts is what the cluster's own does. */
const OVERLAY = 'overlay';

/** How many hosts an error names. */
const NAMED = 4;

/**
 * The driver that makes the network span hosts; undefined where it is to live on one host. Docker's CLI always names a
 * driver (`bridge` unless told); compose and `--driver default` do not: then it is the cluster's own, as long as a host
 * has it.
 * @throws BerthError `unsupported` where hosts are there, and none has the driver that was named; `bad_request` where only
 *   the addresses are to be the cluster's: its hosts would be asked for them without hearing which network they are for
 */
export function spanDriverOf(tx: ReadTx, body: CreateNetworkBody): SpanDriver | undefined {
  const driver = namedDriver(tx, body);
  const ipam = body.IPAM?.Driver ?? '';
  if (driver === undefined && spanDriver(ipam) !== undefined)
    throw new BerthError(
      'bad_request',
      `a network of driver ${body.Driver || 'bridge'} cannot have addresses of the cluster (IPAM driver ${ipam})`,
      { hint: `make it with -d ${ipam}, or leave --ipam-driver out` },
    );
  return driver;
}

function namedDriver(tx: ReadTx, body: CreateNetworkBody): SpanDriver | undefined {
  const named = body.Driver ?? '';
  if (named === '' || named === 'default' || named === OVERLAY) {
    if (body.ConfigOnly === true || body.ConfigFrom?.Network || body.Ingress === true) return undefined;
    const own = spanDriver(settingsOf(tx).networkDriver);
    return own !== undefined && driverHosts(tx, own.name).usable.length > 0 ? own : undefined;
  }
  const driver = spanDriver(named);
  if (driver === undefined) return undefined;
  const { usable, refusals } = driverHosts(tx, driver.name);
  // Where no host is connected the driver is taken at its word, and shows when a container is placed.
  if (usable.length > 0 || refusals.length === 0) return driver;
  const more = refusals.length > NAMED ? ` and ${refusals.length - NAMED} more` : '';
  throw new BerthError(
    'unsupported',
    `no host can take part in a network of driver ${named}: ${refusals.slice(0, NAMED).join('; ')}${more}`,
  );
}
