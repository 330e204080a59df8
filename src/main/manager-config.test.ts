import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { UpOptions } from '../cli/local.ts';
import { dataDirAt } from './data-dir.ts';
import { defaultAddress, ownAddresses } from './default-address.ts';
import { changedFlags, ownName, readConfig, resolveConfig, writeConfig } from './manager-config.ts';

const root = mkdtempSync(join(tmpdir(), 'berth-config-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const dir = dataDirAt(root);

const noFlags: UpOptions = {
  demo: false,
  dataDir: root,
  name: undefined,
  labels: {},
  socket: undefined,
  socketGroup: undefined,
  dockerListen: undefined,
  apiListen: undefined,
  agentListen: undefined,
  dnsListen: undefined,
  advertise: '10.0.0.1',
  engine: undefined,
  vlanUplink: undefined,
  metricsListen: undefined,
  agent: true,
  install: true,
  forgetSecrets: false,
  service: false,
  foreground: false,
};

describe("the manager's configuration", () => {
  it('takes a flag over what was kept, and that over the default', () => {
    const first = resolveConfig(
      { ...noFlags, apiListen: { host: '127.0.0.1', port: 9443 }, name: 'one' },
      undefined,
      dir,
    );
    expect(first).toMatchObject({
      name: 'one',
      apiListen: { port: 9443 },
      dockerListen: { host: '0.0.0.0', port: 2376 },
    });
    const second = resolveConfig({ ...noFlags, name: 'two', vlanUplink: 'eth1' }, first, dir);
    expect(second).toMatchObject({ name: 'two', apiListen: { port: 9443 } });
    expect(changedFlags(second, first)).toEqual(['--name', '--vlan-uplink']);
    expect(resolveConfig(noFlags, second, dir)).toEqual(second);
  });

  it('is read back as it was written, and a torn file is refused with what to do', () => {
    expect(readConfig(dir)).toBeUndefined();
    const config = resolveConfig(noFlags, undefined, dir);
    writeConfig(dir, config);
    expect(readConfig(dir)).toEqual(config);
    writeFileSync(join(root, 'config.json'), '{"name": "o');
    expect(() => readConfig(dir)).toThrow(/config\.json cannot be read/);
  });

  it.each([
    ['My_Laptop.local', 'My-Laptop.local'],
    ['---', 'host'],
    ['ok-1', 'ok-1'],
    ['主机', 'host'],
  ])('makes a host name of the machine name %s', (given, expected) => expect(ownName(given)).toBe(expected));
});

describe('defaultAddress', () => {
  const entry = (address: string, internal = false) => ({
    address,
    internal,
    family: 'IPv4' as const,
    netmask: '',
    mac: '',
    cidr: null,
  });
  const interfaces = {
    lo: [entry('127.0.0.1', true)],
    docker0: [entry('172.17.0.1')],
    eth0: [entry('10.0.0.5')],
    eth1: [entry('10.9.0.5')],
  };

  it('is that of the default route', () => {
    expect(defaultAddress(interfaces, 'Iface\tDestination\neth1\t00000000\t0101\n')).toBe('10.9.0.5');
  });

  it('without a default route is the first that is no loopback and no bridge of an engine', () => {
    expect(defaultAddress(interfaces, '')).toBe('10.0.0.5');
    expect(defaultAddress({ lo: [entry('127.0.0.1', true)] }, '')).toBe('127.0.0.1');
  });

  it('all own addresses leave out loopback and the bridges of engines', () => {
    expect(ownAddresses(interfaces)).toEqual(['10.0.0.5', '10.9.0.5']);
  });
});
