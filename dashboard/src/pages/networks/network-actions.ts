import type { AddressView } from '../../../../src/contract/v1/addresses.ts';
import type { NetworkDetail, NetworkMember, NetworkView } from '../../../../src/contract/v1/networks.ts';
import type { Action } from '../../actions/action.ts';
import { thereBy } from '../../cluster/there.ts';
import { shellWord } from '../../parts/format.ts';

type Say = (
  key:
    | 'remove'
    | 'removeTitle'
    | 'removeText'
    | 'removeUsed'
    | 'type'
    | 'disconnect'
    | 'disconnectTitle'
    | 'disconnectText'
    | 'disconnectGone'
    | 'release'
    | 'releaseTitle'
    | 'releaseText'
    | 'releaseType',
  values?: Readonly<Record<string, string | number>>,
) => string;

/** @param reserved how many of its addresses are reserved */
export function removeNetwork(
  { id, name, scope, hostNames, containers }: NetworkView,
  reserved: number,
  w: Say,
): Action {
  return {
    ...{ id: 'remove', label: w('remove'), target: name, needs: 'operator', isDangerous: true },
    way: { cli: `docker network rm ${shellWord(name)}`, route: 'network.remove', input: { network: id } },
    there: thereBy(
      'network.get',
      { network: id },
      (found) => found.id === id,
      scope === 'host' ? hostNames : [],
    ),
    confirm: {
      title: w('removeTitle', { name }),
      texts: [
        ...(containers > 0 ? [w('removeUsed', { n: containers })] : []),
        ...(reserved > 0 ? [w('removeText', { n: reserved })] : []),
      ],
      typed: { label: w('type', { name }), word: name },
    },
  };
}

export function disconnectMember(
  network: NetworkDetail,
  { id, name, hostName }: NetworkMember,
  w: Say,
): Action {
  return {
    ...{ id: 'disconnect', label: w('disconnect'), target: name, needs: 'operator', isDangerous: true },
    way: {
      cli: `docker network disconnect ${shellWord(network.name)} ${shellWord(name)}`,
      route: 'network.disconnect',
      input: { network: network.id, container: id },
    },
    there: thereBy(
      'network.get',
      { network: network.id },
      // One that plain docker has made gets another ID once its host has told of it.
      (found) =>
        found.id === network.id &&
        found.members.some((one) => one.id === id || (one.name === name && one.hostName === hostName)),
      [hostName],
    ),
    gone: w('disconnectGone', { name, network: network.name }),
    confirm: {
      title: w('disconnectTitle', { name, network: network.name }),
      texts: [w('disconnectText')],
    },
  };
}

export function releaseAddress({ id, name }: NetworkDetail, address: AddressView, w: Say): Action {
  const { ip, reservedFor = '' } = address;
  return {
    ...{ id: 'release', label: w('release'), target: ip, needs: 'operator', isDangerous: true },
    way: {
      cli: `berth ip release ${shellWord(name)} ${ip}`,
      route: 'ip.release',
      input: { network: id, reservation: ip },
    },
    there: thereBy('ip.list', { network: id }, ({ addresses }) =>
      addresses.some((one) => one.ip === ip && one.reservedFor === address.reservedFor),
    ),
    confirm: {
      title: w('releaseTitle', { ip, name: reservedFor }),
      texts: [w('releaseText', { name: reservedFor })],
      typed: { label: w('releaseType', { ip }), word: ip },
    },
  };
}
