import type { AddressView } from '../../../../src/contract/v1/addresses.ts';
import type { NetworkDetail, NetworkMember, NetworkView } from '../../../../src/contract/v1/networks.ts';
import type { Action } from '../../actions/action.ts';
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
    | 'release'
    | 'releaseTitle'
    | 'releaseText'
    | 'releaseType',
  values?: Readonly<Record<string, string | number>>,
) => string;

/** @param reserved how many of its addresses are reserved */
export function removeNetwork({ id, name, containers }: NetworkView, reserved: number, w: Say): Action {
  return {
    ...{ id: 'remove', label: w('remove'), target: name, needs: 'operator', isDangerous: true },
    way: { cli: `docker network rm ${shellWord(name)}`, route: 'network.remove', input: { network: id } },
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

export function disconnectMember(network: NetworkDetail, { id, name }: NetworkMember, w: Say): Action {
  return {
    ...{ id: 'disconnect', label: w('disconnect'), target: name, needs: 'operator', isDangerous: true },
    way: {
      cli: `docker network disconnect ${shellWord(network.name)} ${shellWord(name)}`,
      route: 'network.disconnect',
      input: { network: network.id, container: id },
    },
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
    confirm: {
      title: w('releaseTitle', { ip, name: reservedFor }),
      texts: [w('releaseText', { name: reservedFor })],
      typed: { label: w('releaseType', { ip }), word: ip },
    },
  };
}
