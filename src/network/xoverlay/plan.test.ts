import { describe, expect, it } from 'vitest';
import type { Span } from '../../model/span.ts';
import { makeBridge, makeNamespace, makePort, makeVxlan, removeNamespace, removePort } from './plan.ts';

const span: Span = {
  driver: 'xoverlay',
  pools: [{ subnet: '192.168.1.0/24', gateway: '192.168.1.1' }],
  mtu: 1450,
  internal: false,
  vni: 8388608,
};
const network = { id: 'n1', span };
const NAMESPACE = 'berth-x-676b8bb84c';
const endpoint = {
  endpointId: '0123456789abcdef0123',
  endpoint: { ipv4: '192.168.1.5', mac: '02:be:c0:a8:01:05' },
};

describe("a network's devices", () => {
  it('are in a namespace named after the network, not its VNI', () => {
    expect(makeNamespace(network)).toEqual({ argv: ['ip', 'netns', 'add', NAMESPACE] });
    expect(removeNamespace(network)).toEqual({ argv: ['ip', 'netns', 'delete', NAMESPACE] });
  });

  it('are a vxlan device that learns nothing, made from the host’s namespace', () => {
    expect(makeVxlan(network, '10.0.0.7')).toEqual({
      argv: ['ip', '-batch', '-'],
      lines: [
        `link add vx0 netns ${NAMESPACE} mtu 1450 type vxlan id 8388608 local 10.0.0.7 dstport 4789 nolearning proxy`,
      ],
    });
  });

  it('have a port of their own where they are encrypted, and the kernel’s address where the host’s is translated', () => {
    expect(makeVxlan({ id: 'n1', span: { ...span, encrypted: true } }, undefined).lines).toEqual([
      `link add vx0 netns ${NAMESPACE} mtu 1450 type vxlan id 8388608 dstport 4790 nolearning proxy`,
    ]);
  });

  it('are a bridge with the gateway of each pool, and where names are asked', () => {
    const dual: Span = {
      ...span,
      pools: [...span.pools, { subnet: 'fd00::/64', gateway: 'fd00::1' }, { subnet: '10.1.0.0/16' }],
    };
    expect(makeBridge({ id: 'n1', span: dual }, false)).toEqual({
      argv: ['ip', '-n', NAMESPACE, '-batch', '-'],
      lines: [
        'link add br0 address 02:be:c0:a8:01:01 mtu 1450 type bridge stp_state 0 mcast_snooping 0',
        'link set br0 mtu 1450',
        'link set vx0 mtu 1450 master br0',
        'link set vx0 type bridge_slave learning off',
        'link set lo up',
        'link set br0 up',
        'link set vx0 up',
        'address replace 192.168.1.1/24 dev br0',
        'address replace fd00::1/64 dev br0 nodad',
        'address replace 169.254.53.53/32 dev br0',
        'route replace 10.1.0.0/16 dev br0',
      ],
    });
    expect(makeBridge({ id: 'n1', span: dual }, true).lines?.[0]).toBe('link set br0 mtu 1450');
  });
});

describe("a container's link", () => {
  it('is made by one process, its end for the engine in the host’s namespace', () => {
    expect(makePort(network, endpoint, 77)).toEqual({
      argv: ['ip', '-n', NAMESPACE, '-batch', '-'],
      lines: [
        'link add bp0123456789abc mtu 1450 type veth peer name bc0123456789abc address 02:be:c0:a8:01:05 mtu 1450 netns 77',
        'link set bp0123456789abc master br0 up',
      ],
    });
  });

  it('goes with the end that stays', () => {
    expect(removePort(network, endpoint.endpointId).argv).toEqual([
      ...['ip', '-n', NAMESPACE, 'link', 'delete', 'bp0123456789abc'],
    ]);
  });
});
