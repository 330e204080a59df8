import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BerthError } from '../kit/errors.ts';
import type { StackInput } from './index.ts';
import { errorsOf, read } from './testing.ts';

const service = (lines: string) => `services:\n  a:\n    image: x\n${lines.replace(/^/gm, '    ')}\n`;

it.each<[what: string, file: string, errors: readonly string[]]>([
  [
    'a misspelt key',
    service('prots: [80]'),
    ['compose.yml:4:5: services.a.prots: unknown key: did you mean ports?'],
  ],
  [
    'a wrong type',
    service('image2: 1\nports: {a: 1}').replace('    image2: 1\n', ''),
    ['compose.yml:4:5: services.a.ports: is a map, and must be a list'],
  ],
  [
    'a list for a text',
    'services:\n  a:\n    image: [x]\n',
    ['compose.yml:3:5: services.a.image: is a list, and must be a text'],
  ],
  [
    'a key inside of an item',
    service('ports:\n  - target: 80\n    publishd: 1'),
    ['compose.yml:6:9: services.a.ports[0].publishd: unknown key: did you mean published?'],
  ],
  [
    'a key twice',
    'services:\n  a: {image: x}\n  a: {image: y}\n',
    ['compose.yml:3:3: services.a: the key stands twice in this map, first in line 2: remove one'],
  ],
  [
    'no YAML',
    'services: {a: [',
    [
      'compose.yml:1:16: not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
  ],
  [
    'an unknown tag',
    'services: !foo {}',
    ['compose.yml:1:16: services: unknown tag "!foo": compose files have !reset and !override'],
  ],
  [
    'two documents',
    'services: {}\n---\nservices: {}\n',
    ['compose.yml:2:1: a second document begins here: write one file for each'],
  ],
  ['an anchor in itself', 'x-a: &a [*a]\n', ['compose.yml:1:10: x-a[0]: the anchor &a contains itself']],
  [
    'no service',
    'networks: {}\nservices:\n  a: {}\n',
    ['compose.yml:3:3: services.a: needs the key image or build'],
  ],
  [
    'a negative scale',
    service('scale: -1'),
    [
      'compose.yml:4:5: services.a.scale: is "-1", and must be a whole number of at least 0'.replace(
        'of at least 0',
        'from 0 to 10000',
      ),
    ],
  ],
  [
    'a scale label below 0',
    service('labels:\n  aliyun.scale: "-1"'),
    [
      'compose.yml:5:7: services.a.labels["aliyun.scale"]: is "-1", and must be a whole number from 0 to 10000',
    ],
  ],
  [
    'a weight over 100',
    service('labels:\n  berth.routing.weight: "101"'),
    [
      'compose.yml:5:7: services.a.labels["berth.routing.weight"]: is "101", and must be a whole number from 0 to 100',
    ],
  ],
  [
    'a minimum over the maximum',
    service(
      'labels:\n  aliyun.auto_scaling.min_instances: "5"\n  aliyun.auto_scaling.max_instances: "2"\n  aliyun.auto_scaling.max_cpu: "70"',
    ),
    [
      'compose.yml:5:7: services.a.labels["aliyun.auto_scaling.min_instances"]: min_instances 5 is more than max_instances 2: lower the one or raise the other',
    ],
  ],
  [
    'a variable without its value',
    service('hostname: ${H:?say which}'),
    [
      'compose.yml:4:15: services.a.hostname: variable H must be set: say which (in the environment or with --env-file)',
    ],
  ],
  [
    'a lone dollar sign',
    service('hostname: "a$ b"'),
    [
      'compose.yml:4:15: services.a.hostname: "a$ b" has a $ without the name of a variable: write $$ for a dollar sign',
    ],
  ],
  [
    'a port that is none',
    service('ports: ["80:70000"]'),
    ['compose.yml:4:13: services.a.ports[0]: "80:70000" has the port 70000: ports are 1 to 65535'],
  ],
  [
    'a volume that is not declared',
    service('volumes: ["data:/data"]'),
    [
      'compose.yml:4:15: services.a.volumes[0]: uses the volume "data", which is not under volumes: declare it there, or begin a path with ./ or /',
    ],
  ],
])('refuses %s with file, line, column and key', (_, file, errors) => {
  expect(errorsOf(file)).toEqual(errors);
});

it.each<[lines: string, error: string]>([
  ['stop_signal: FOO', 'stop_signal: "FOO" is no signal'],
  ['working_dir: here', 'working_dir: "here" is no absolute path'],
  ['mac_address: zz', 'mac_address: "zz" is no MAC address'],
  ['cpuset: x', 'cpuset: "x" is no list of CPUs'],
  ['dns: [abc]', 'dns[0]: "abc" is no address'],
  ['extra_hosts: ["a:b"]', 'extra_hosts.a[0]: "b" is no address of a host'],
  ['tmpfs: [tmp]', 'tmpfs: "tmp" is no absolute path'],
  ['ports: ["1.2.3:80:80"]', 'ports[0].host_ip: "1.2.3" is no address'],
  ['healthcheck: {test: [CMD, x], interval: 1us}', 'healthcheck.interval: is less than a millisecond'],
  ['labels: {berth.restart: sometimes}', 'labels["berth.restart"]: invalid label berth.restart=sometimes'],
  ['labels: {berth.failover: maybe}', 'labels["berth.failover"]: is "maybe", and must be true or false'],
  ['labels: {berth.partition: x}', 'labels["berth.partition"]: is "x", and must be fence or keep'],
  [
    'labels: {berth.routing.port_80: xn--a.com}',
    'labels["berth.routing.port_80"]: "xn--a.com" is no domain: each part',
  ],
])('refuses what an engine would refuse later: %s', (lines, error) => {
  expect(errorsOf(service(lines))[0]).toMatch(/^compose\.yml:4:\d+: services\.a\./);
  expect(errorsOf(service(lines))[0]).toContain(error);
});

it.each<[section: string, error: string]>([
  ['volumes: {d: {name: a b}}', 'volumes.d.name: "a b" is no name of a volume'],
  ['volumes: {d: {labels: {berth.volume.scope: x}}}', 'volumes.d.labels: label berth.volume.scope is "x"'],
  ['secrets: {s: {environment: HOME, name: a b}}', 'secrets.s.name: "a b" is no name of a secret'],
  ['networks: {n: {ipam: {config: [{subnet: abc}]}}}', 'networks.n.ipam.config: '],
  [
    'networks: {n: {ipam: {config: [{gateway: 10.0.0.1}]}}}',
    'networks.n.ipam.config[0]: needs the key subnet',
  ],
  ['networks: {n: {ipam: {config: [{subnet: 10.0.0.0/24, gateway: 11.0.0.1}]}}}', 'networks.n.ipam.config: '],
  [
    'networks: {n: {driver_opts: {com.docker.network.driver.mtu: x}}}',
    'networks.n.driver_opts: network option com.docker.network.driver.mtu=x of driver xoverlay is not possible',
  ],
  [
    'networks: {n: {driver: vlan, driver_opts: {vlanid: "5000"}, ipam: {config: [{subnet: 10.0.0.0/24}]}}}',
    'networks.n.driver_opts: network option vlanid=5000 of driver vlan is not possible',
  ],
  ['networks: {n: {driver: vlan}}', 'networks.n: is of the driver vlan, and needs ipam.config'],
])('refuses %s with its place', (section, error) => {
  const file = `services: {a: {image: x}}\n${section}\n`;
  const [first = ''] = errorsOf(file, { env: { HOME: '/' } });
  expect(first).toMatch(/^compose\.yml:2:\d+: /);
  expect(first).toContain(error);
});

it.each([
  'UPPER',
  'a:b:c',
  'a b',
  'x\u0000',
  '-a',
  'a/',
  'a:',
  'http://a/b',
  'a@sha256:x',
  `${'a'.repeat(1025)}`,
])('takes %j for no image', (image) => {
  expect(errorsOf(JSON.stringify({ services: { a: { image } } }))[0]).toContain('is no name of an image');
});

it.each([
  'a',
  'library/a_b.c--d:1.0-X_y',
  'localhost/a',
  'REG.example.com:5000/team/a__b:latest',
  '[fd00::1]:5000/a',
  `a:1@sha256:${'0'.repeat(64)}`,
  `sha256:${'a'.repeat(64)}`,
])('takes %j for an image', (image) => {
  expect(errorsOf(JSON.stringify({ services: { a: { image } } }))).toEqual([]);
});

it('refuses expressions for the scheduler where they stand, in the words of who reads them', () => {
  const placementProblem: StackInput['placementProblem'] = ({ Env }) => {
    const [entry = ''] = Env ?? [];
    return entry.includes('=~') ? `${entry} is odd` : undefined;
  };
  const file = service("environment: ['constraint:a==b', 'constraint:c=~d']");
  expect(errorsOf(file, { placementProblem })).toEqual([
    'compose.yml:4:38: services.a.environment["constraint:c=~d"]: constraint:c=~d is odd',
  ]);
  expect(errorsOf(service("environment: {'constraint:c=~d': ''}"), { placementProblem })).toHaveLength(1);
});

it.each<[lines: string, error: string]>([
  [
    'labels: {com.docker.swarm.constraints: rack==r1}',
    'compose.yml:4:14: services.a.labels["com.docker.swarm.constraints"]: {"com.docker.swarm.constraints":"rack==r1"}',
  ],
  [
    'labels: ["berth.availability=odd"]',
    'compose.yml:4:14: services.a.labels["berth.availability"]: {"berth.availability":"odd"}',
  ],
  [
    'deploy: {placement: {constraints: [node.labels.a==b, rack==r1]}}',
    'compose.yml:4:58: services.a.deploy.placement.constraints[1]: {"berth.placement":"{\\"constraints\\":[\\"rack==r1\\"]}"}',
  ],
  [
    'deploy: {placement: {preferences: [{spread: rack}]}}',
    'compose.yml:4:41: services.a.deploy.placement.preferences[0].spread: {"berth.placement":"{\\"preferences\\":[{\\"spread\\":\\"rack\\"}]}"}',
  ],
])('refuses what the scheduler cannot read where it stands: %s', (lines, error) => {
  const placementProblem: StackInput['placementProblem'] = ({ Labels = {} }) => {
    const text = JSON.stringify(Labels);
    return text.includes('node.labels') ? undefined : text;
  };
  expect(errorsOf(service(lines), { placementProblem })).toEqual([error]);
});

it('names circles of depends_on, extends and include as a path', () => {
  const depends = (name: string, on: string) => `  ${name}: {image: x, depends_on: [${on}]}\n`;
  expect(errorsOf(`services:\n${depends('a', 'b')}${depends('b', 'c')}${depends('c', 'a')}`)[0]).toContain(
    'services depend on each other in a circle: a -> b -> c -> a',
  );
  expect(errorsOf('services:\n  a: {extends: b}\n  b: {extends: a}\n')[0]).toContain(
    'the service extends itself: compose.yml:a -> compose.yml:b -> compose.yml:a',
  );
  expect(
    errorsOf({
      'compose.yml': 'include: [b.yml]\nservices: {}\n',
      'b.yml': 'include: [compose.yml]\nservices: {}\n',
    })[0],
  ).toContain('includes itself: compose.yml -> b.yml -> compose.yml');
});

it('refuses bombs of aliases, deep nesting and large files before they cost anything', () => {
  const letters = [...'abcdefghij'];
  const bomb = letters
    .map(
      (name, i) =>
        `x-${name}: &${name} [${Array(9)
          .fill(i === 0 ? 'lol' : `*${letters[i - 1]}`)
          .join(', ')}]`,
    )
    .join('\n');
  expect(errorsOf(bomb)[0]).toMatch(/^compose\.yml:6:9: x-f: this comes to more than 100000 values/);
  expect(errorsOf(`x-a: ${'['.repeat(100_000)}`)[0]).toMatch(
    /^compose\.yml:1:\d+: lists and maps are more than 50 deep/,
  );
  expect(errorsOf(`x-a: "${'a'.repeat(10 * 1024 * 1024)}"`, { largest: 100 * 1024 * 1024 })).toEqual([
    'compose.yml:1:1: the file has 10485767 bytes, and at most 10485760 are read: split it with include',
  ]);
  expect(errorsOf(`x-a: "${'a'.repeat(2 * 1024 * 1024)}"`)[0]).toContain('at most 1048576 are read');
});

it('refuses what a small file writes out ten thousand times', () => {
  const tooMuch = /^compose\.yml:1:\d+: .*come to more than 32 MiB written out/;
  const services = (one: string) =>
    `services: {${Array.from({ length: 9000 }, (_, i) => `s${i}: {${one}}`).join(', ')}`;
  expect(errorsOf(`${services('image: x, ports: [1-1000]')}}`)[0]).toMatch(tooMuch);
  expect(errorsOf(`${services('image: x, expose: [1-1000]')}}`)[0]).toMatch(tooMuch);
  const base = `base: {image: x, environment: [${Array.from({ length: 5000 }, (_, i) => `A${i}=1`).join(', ')}]}`;
  expect(errorsOf(`${services('extends: base')}, ${base}}`)[0]).toMatch(tooMuch);
  expect(errorsOf(`${services('extends: base, environment: [B=1]')}, ${base}}`)[0]).toMatch(tooMuch);
  const big = {
    'compose.yml': `${services('image: x, env_file: big.env')}}`,
    'big.env': `A=${'a'.repeat(100_000)}`,
  };
  expect(errorsOf(big)[0]).toMatch(tooMuch);
  expect(errorsOf(`${services('image: $A')}}`, { env: { A: 'a'.repeat(100_000) } })[0]).toMatch(tooMuch);
}, 60_000);

it.each([
  'a.com\n  bind :1',
  'a.com http-request deny',
  'a"b.com',
  'a.com/x y',
  'a.com/\u0000',
  '*.*.com',
  'a..com',
  '-a.com',
  '10.0.0.1',
  'ftp://a.com',
  `${'a'.repeat(64)}.com`,
  `a.com/${'x'.repeat(130)}`,
  'a.com/%zz',
  '{path}.com',
])('lets no domain through that is none: %j', (domain) => {
  const file = JSON.stringify({
    services: { a: { image: 'x', labels: { 'aliyun.routing.port_80': domain } } },
  });
  const [error = ''] = errorsOf(file);
  expect(error).toMatch(/^compose\.yml:1:\d+: services\.a\.labels\["aliyun\.routing\.port_80"\]: /);
});

it('never throws anything but an error with a file and a line', () => {
  const scalar = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.constant('${A:-$B}'),
  );
  const keys = fc.constantFrom(
    ...'image ports volumes environment labels networks depends_on deploy build healthcheck ulimits command extends secrets configs devices extra_hosts env_file logging scale links external'.split(
      ' ',
    ),
    'aliyun.routing.port_80',
    'a',
    '__proto__',
    'constructor',
    '<<',
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      scalar,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
    ),
  }));
  const file = fc.record(
    { services: fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), value), networks: value, x: value },
    { requiredKeys: [] },
  );
  const text = fc.oneof(
    fc.string(),
    file.map((data) => JSON.stringify(data)),
    value.map((data) =>
      JSON.stringify({ services: { a: { image: 'x', ports: data, volumes: data, labels: data } } }),
    ),
    fc
      .array(
        fc.constantFrom(
          'a:',
          '- ',
          '\n',
          '  ',
          '&a ',
          '*a',
          '!x ',
          '[',
          '{',
          '"',
          "'",
          '|',
          '#',
          '? ',
          '---\n',
          '<<: ',
          '\t',
        ),
        { maxLength: 30 },
      )
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (given) => {
      try {
        read(given);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(BerthError);
        expect((thrown as Error).message).toMatch(/^\/p\/compose\.yml:\d+:\d+: /);
      }
    }),
    { numRuns: 300 },
  );
}, 60_000);
