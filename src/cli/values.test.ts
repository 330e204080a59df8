import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { publishedPorts } from './docker-run.ts';
import { originOf } from './logins.ts';
import { settingValue } from './setting-value.ts';
import {
  address,
  collectLabels,
  parseBytes,
  parseCount,
  parseCpus,
  parseDuration,
  parseEngine,
  parseSocketPath,
  port,
} from './values.ts';

describe('address', () => {
  it.each([
    ['10.0.0.1:8443', '10.0.0.1', 8443],
    ['[::1]:1', '::1', 1],
    ['host.example:65535', 'host.example', 65535],
    [':2376', '0.0.0.0', 2376],
  ])('reads %s', (text, host, number) => {
    expect(address(text, '--x')).toEqual({ host, port: number });
  });

  it.each([
    '10.0.0.1',
    '10.0.0.1:0',
    '10.0.0.1:65536',
    '1.2.3.999:80',
    '::1:80',
    '[zz]:80',
    'a b:80',
    'x:80:80',
    '',
  ])('refuses "%s" with the flag and the value', (text) => {
    expect(() => address(text, '--api-listen')).toThrow(/^--api-listen: ".*" is not /);
  });

  it('fills in a port where there is a default', () => {
    expect(address('h1', '--manager', 8443)).toEqual({ host: 'h1', port: 8443 });
  });
});

it('takes exactly the ports from 1 to 65535', () => {
  fc.assert(
    fc.property(fc.integer({ min: -10, max: 70_000 }), (number) => {
      const read = () => port(String(number), '-p');
      if (number >= 1 && number <= 65_535) expect(read()).toBe(number);
      else expect(read).toThrow('is not a port');
    }),
  );
});

it('collects labels, and refuses keys that no expression can name', () => {
  const first = collectLabels('rack=r1', undefined, '--label');
  expect(collectLabels('note=a=b', first, '--label')).toEqual({ rack: 'r1', note: 'a=b' });
  for (const wrong of ['rack', '=r1', '1rack=a', 'a b=c']) {
    expect(() => collectLabels(wrong, undefined, '--label')).toThrow(/^--label: /);
  }
});

it('reads amounts', () => {
  const bytes = (text: string) => parseBytes(text, undefined, '-m');
  expect([bytes('1024'), bytes('512m'), bytes('1.5g'), bytes('2GiB'), bytes('3kb')]).toEqual([
    1024,
    512 * 1024 ** 2,
    1.5 * 1024 ** 3,
    2 * 1024 ** 3,
    3072,
  ]);
  for (const wrong of ['-1', '1x', '', 'm', '1e3'])
    expect(() => bytes(wrong)).toThrow('is not an amount of memory');
  const seconds = (text: string) => parseDuration(text, undefined, '--ttl');
  expect([seconds('90'), seconds('30m'), seconds('1h30m'), seconds('7d')]).toEqual([90, 1800, 5400, 604_800]);
  for (const wrong of ['0', '-1h', '1w', 'h', '1h x'])
    expect(() => seconds(wrong)).toThrow('is not a duration');
  expect(parseCpus('0.5', undefined, '--cpus')).toBe(0.5);
  for (const wrong of ['0', '-1', 'two'])
    expect(() => parseCpus(wrong, undefined, '--cpus')).toThrow('--cpus');
  expect(() => parseCount(1, 100)('101', undefined, '--count')).toThrow('--count: "101"');
});

it('checks paths and addresses of sockets', () => {
  expect(parseEngine('unix:///var/run/docker.sock', undefined, '--engine')).toBe(
    'unix:///var/run/docker.sock',
  );
  expect(() => parseEngine('/var/run/docker.sock', undefined, '--engine')).toThrow('--engine');
  expect(() => parseEngine('tcp://127.0.0.1', undefined, '--engine')).toThrow('--engine');
  expect(() => parseSocketPath('run/x.sock', undefined, '--socket')).toThrow('absolute');
  expect(() => parseSocketPath(`/${'x'.repeat(107)}`, undefined, '--socket')).toThrow('short enough');
});

describe('publishedPorts', () => {
  it.each([
    ['80', [{ ip: '', hostPort: '', containerPort: '80', protocol: 'tcp' }]],
    ['8080:80/udp', [{ ip: '', hostPort: '8080', containerPort: '80', protocol: 'udp' }]],
    ['127.0.0.1::80', [{ ip: '127.0.0.1', hostPort: '', containerPort: '80', protocol: 'tcp' }]],
    ['[::1]:1:2', [{ ip: '::1', hostPort: '1', containerPort: '2', protocol: 'tcp' }]],
  ])('reads %s', (text, ports) => {
    expect(publishedPorts(text, '-p')).toEqual(ports);
  });

  it('pairs ranges', () => {
    expect(publishedPorts('8000-8002:1-3', '-p').map(({ hostPort }) => hostPort)).toEqual([
      '8000',
      '8001',
      '8002',
    ]);
    expect(() => publishedPorts('8000-8002:1-2', '-p')).toThrow('cannot be published');
    expect(() => publishedPorts('3-1', '-p')).toThrow('runs backwards');
  });

  it.each(['70000:80', '80/icmp', 'a:b', '1:2:3:4', ''])('refuses "%s"', (text) => {
    expect(() => publishedPorts(text, '--publish')).toThrow(/^--publish: /);
  });
});

it('reads the address of a manager, with 8443 as its port', () => {
  expect(originOf('host')).toBe('https://host:8443');
  expect(originOf('https://host:443/')).toBe('https://host:443');
  expect(originOf('10.0.0.1:9443')).toBe('https://10.0.0.1:9443');
  expect(originOf('[::1]')).toBe('https://[::1]:8443');
  for (const wrong of ['http://host', 'x://y', 'a b', '']) expect(originOf(wrong)).toBeUndefined();
});

it('reads settings by their kind', () => {
  expect(settingValue('failureDomains=dc, rack')).toEqual(['failureDomains', ['dc', 'rack']]);
  expect(settingValue('failureDomains=["dc"]')).toEqual(['failureDomains', ['dc']]);
  expect(() => settingValue('plugins=[x')).toThrow('plugins: "[x" is not a list');
  expect(settingValue('plugins=')).toEqual(['plugins', []]);
  expect(settingValue('reservedMemory=512m')).toEqual(['reservedMemory', 512 * 1024 ** 2]);
  expect(settingValue('downAfterMs=5s')).toEqual(['downAfterMs', 5000]);
  expect(settingValue('downAfterMs=2500')).toEqual(['downAfterMs', 2500]);
  expect(settingValue('CPUOVERCOMMIT=1.5')).toEqual(['cpuOvercommit', 1.5]);
  expect(() => settingValue('cpuOvercommit=lots')).toThrow('cpuOvercommit: "lots" is not a number');
  expect(() => settingValue('nope=1')).toThrow('there is no setting "nope"');
  expect(() => settingValue('strategy')).toThrow('"strategy" is not KEY=VALUE');
});
