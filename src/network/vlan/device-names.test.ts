import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bridgeName,
  isPortOf,
  isProbeOf,
  portNames,
  portOf,
  probeMac,
  serviceNames,
  switchName,
  vlanDeviceName,
} from './device-names.ts';

const id = fc.string({ minLength: 1, maxLength: 64 });

describe('names of devices', () => {
  it('fit an interface, and are the same in each life of the agent', () => {
    fc.assert(
      fc.property(id, id, (network, endpoint) => {
        const { host, container, namespace } = portNames(network, endpoint);
        for (const name of [host, container, serviceNames(network).host, bridgeName(network)])
          expect(name).toMatch(/^v[hcsb][a-z2-7]{5,12}$/);
        expect(new Set([host, container]).size).toBe(2);
        expect(portNames(network, endpoint).namespace).toBe(namespace);
      }),
    );
    expect(portNames('n1', 'e1').host).toBe('vhhllyml4e76m5');
  });

  it('tell whose they are', () => {
    const { host, container, namespace } = portNames('n1', 'e1');
    for (const link of [host, container, serviceNames('n1').host]) {
      expect(isPortOf('n1', link)).toBe(true);
      expect(isPortOf('n2', link)).toBe(false);
    }
    expect(isProbeOf('n1', namespace)).toBe(true);
    expect(isProbeOf('n2', namespace)).toBe(false);
    expect(isPortOf('n1', 'eth0')).toBe(false);
    for (const name of [host, container, namespace])
      expect(portOf('n1', name)).toEqual(portNames('n1', 'e1'));
    for (const name of ['eth0', serviceNames('n1').host, portNames('n2', 'e1').host, `${host}x`])
      expect(portOf('n1', name)).toBeUndefined();
  });

  it('are those that people use, where they are short enough', () => {
    expect(vlanDeviceName('eth0', 217)).toBe('eth0.217');
    expect(switchName('eth1')).toBe('vo-eth1');
    expect(vlanDeviceName('enp129s0f1np1', 217)).toMatch(/^vt[a-z2-7]{13}$/);
    expect(switchName('enp129s0f1np1')).toMatch(/^vo[a-z2-7]{13}$/);
  });

  it('give each endpoint a MAC of its own to ask from', () => {
    expect(probeMac('e1')).toMatch(/^02:bf(:[0-9a-f]{2}){4}$/);
    expect(probeMac('e1')).not.toBe(probeMac('e2'));
  });
});
