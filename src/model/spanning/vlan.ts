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

const INTERFACE: DriverOption = {
  values: 'the name of an interface of the hosts, such as eth1',
  read: (value) => (isInterfaceName(value) ? { uplink: value } : undefined),
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
  // A tag is not counted: switches and interfaces carry four bytes more for it.
  mtu: ({ mtu }) => mtu,
};
