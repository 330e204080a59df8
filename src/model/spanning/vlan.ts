import { isInterfaceName } from '../interface-name.ts';
import { type DriverOption, MTU_OPTION, type SpanDriver } from './driver.ts';

const BACKENDS = ['openvswitch', 'bridge', 'macvlan'];

const VLAN_ID: DriverOption = {
  values: '1 to 4094',
  read: (value) => {
    const vlanId = /^\d{1,4}$/.test(value) ? Number(value) : 0;
    return vlanId >= 1 && vlanId <= 4094 ? { vlanId } : undefined;
  },
};

/** `eth0.217`: a VLAN on an interface, as users of Docker's macvlan driver write it (`-o parent=eth0.217`). */
const TAGGED = /^(.+)\.([1-9]\d{0,3})$/;

const INTERFACE: DriverOption = {
  values: 'the name of an interface of the hosts, such as eth1',
  read: (value) => {
    const [, uplink = '', id = ''] = TAGGED.exec(value) ?? [];
    const tag = VLAN_ID.read(id);
    if (tag !== undefined && isInterfaceName(uplink)) return { uplink, ...tag };
    return isInterfaceName(value) ? { uplink: value } : undefined;
  },
};

/** Containers straight on a VLAN of the company's switches. */
export const vlan: SpanDriver = {
  name: 'vlan',
  numbered: false,
  subnets: 'outside',
  options: {
    mtu: MTU_OPTION,
    'com.docker.network.driver.mtu': MTU_OPTION,
    vlanid: VLAN_ID,
    backend: {
      values: BACKENDS.join(', '),
      read: (backend) => (BACKENDS.includes(backend) ? { backend } : undefined),
    },
    uplink: INTERFACE,
    // As Docker's macvlan driver calls it.
    parent: INTERFACE,
  },
  // Each host has one bridge for a VLAN, and the manager one list of the addresses on it.
  refusal: ({ vlanId, uplink }, { name, span }) => {
    if (span.driver !== vlan.name || span.vlanId !== vlanId || span.uplink !== uplink) return undefined;
    const what = vlanId === undefined ? 'the untagged VLAN' : `VLAN ${vlanId}`;
    return `${what} is network ${name} already: further ranges of it are further --subnets of that network`;
  },
  // A tag is not counted: switches and interfaces carry four bytes more for it.
  mtu: ({ mtu }) => mtu,
  wireMtuFor: () => undefined,
};
