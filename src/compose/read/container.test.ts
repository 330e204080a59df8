import { describe, expect, it } from 'vitest';
import { digestOf } from '../../kit/digest.ts';
import { stackSchema } from '../../model/stack.ts';
import { readStack } from '../index.ts';
import { errorsOf, read, serviceIn, warningsOf } from '../testing.ts';

const of = (text: string) =>
  serviceIn(read(`services:\n  a:\n    image: x\n${text.replace(/^/gm, '    ')}\n`), 'a');
const errors = (text: string) => errorsOf(`services:\n  a:\n    image: x\n${text.replace(/^/gm, '    ')}\n`);

describe('the create body', () => {
  it('has what the keys of a service say', () => {
    const { container } = of(`command: sh -c 'echo "a b"'
entrypoint: []
user: "1000"
working_dir: /w
tty: true
stdin_open: "yes"
stop_signal: SIGINT
stop_grace_period: 1m30s
init: true
read_only: true
privileged: false
cap_add: [NET_ADMIN]
ulimits: {nofile: 1024, nproc: {soft: 1, hard: 2}}
sysctls: [net.core.somaxconn=1024]
devices: ["/dev/fuse"]
extra_hosts: ["h:10.0.0.1", "h:10.0.0.2"]
tmpfs: /t:size=1m
mem_limit: 512m
cpus: "1.5"
pids_limit: 100
shm_size: 64mb
healthcheck: {test: curl x, interval: 10s, retries: 3}
restart: on-failure:3
logging: {driver: json-file, options: {max-size: 10m}}
expose: ["9000", "53/udp"]
blkio_config: {weight: 300, device_read_bps: [{path: /dev/sda, rate: 1mb}]}`);
    expect(container).toMatchObject({
      Image: 'x',
      Cmd: ['sh', '-c', 'echo "a b"'],
      Entrypoint: [''],
      User: '1000',
      WorkingDir: '/w',
      Tty: true,
      OpenStdin: true,
      StopSignal: 'SIGINT',
      StopTimeout: 90,
      Healthcheck: { Test: ['CMD-SHELL', 'curl x'], Interval: 10e9, Retries: 3 },
      ExposedPorts: { '9000/tcp': {}, '53/udp': {} },
      Labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'a' },
      HostConfig: {
        Init: true,
        ReadonlyRootfs: true,
        Privileged: false,
        CapAdd: ['NET_ADMIN'],
        Ulimits: [
          { Name: 'nofile', Soft: 1024, Hard: 1024 },
          { Name: 'nproc', Soft: 1, Hard: 2 },
        ],
        Sysctls: { 'net.core.somaxconn': '1024' },
        Devices: [{ PathOnHost: '/dev/fuse', PathInContainer: '/dev/fuse', CgroupPermissions: 'rwm' }],
        ExtraHosts: ['h:10.0.0.1', 'h:10.0.0.2'],
        Tmpfs: { '/t': 'size=1m' },
        Memory: 512 * 2 ** 20,
        NanoCpus: 1.5e9,
        PidsLimit: 100,
        ShmSize: 64 * 2 ** 20,
        RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
        LogConfig: { Type: 'json-file', Config: { 'max-size': '10m' } },
        BlkioWeight: 300,
        BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 2 ** 20 }],
        NetworkMode: 'shop_default',
      },
    });
  });

  it.each([
    ['restart: "no"', { Name: 'no', MaximumRetryCount: 0 }],
    ['restart: no', { Name: 'no', MaximumRetryCount: 0 }],
    ['deploy: {restart_policy: {condition: none}}', { Name: 'no', MaximumRetryCount: 0 }],
    ['deploy: {restart_policy: {max_attempts: 0}}', { Name: 'always', MaximumRetryCount: 0 }],
    ['tty: true', undefined],
    // An init container is not started again anyway.
    ['restart: "no"\nlabels: {berth.job: "true"}', undefined],
  ])('%s has what it says of restarts', (text, expected) => {
    expect(of(text).container.HostConfig?.RestartPolicy).toEqual(expected);
  });

  it('has what deploy says', () => {
    const { container, scale, update, rollback } = of(`deploy:
  replicas: 3
  resources: {limits: {cpus: "2", memory: 1g}, reservations: {memory: 512m}}
  placement: {constraints: [node.labels.rack == r1], preferences: [{spread: node.labels.dc}], max_replicas_per_node: 1}
  restart_policy: {condition: on-failure, max_attempts: 2}
  update_config: {parallelism: 2, delay: 10s, order: start-first, failure_action: rollback}
  rollback_config: {parallelism: 0}`);
    expect(scale).toEqual({ kind: 'replicated', replicas: 3 });
    expect(container.HostConfig).toMatchObject({
      NanoCpus: 2e9,
      Memory: 2 ** 30,
      MemoryReservation: 2 ** 29,
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 },
    });
    expect(JSON.parse(container.Labels?.['berth.placement'] ?? '')).toEqual({
      constraints: ['node.labels.rack == r1'],
      preferences: [{ spread: 'node.labels.dc' }],
      max_replicas_per_node: 1,
    });
    expect(update).toMatchObject({
      kind: 'rolling',
      parallelism: 2,
      delayMs: 10_000,
      order: 'start-first',
      onFailure: 'rollback',
    });
    expect(rollback.parallelism).toBe(0);
  });

  it('takes variables from env files, the environment and the file, in this order', () => {
    const files = {
      'compose.yml':
        'services: {a: {image: x, env_file: [one.env, {path: two.env, format: raw}], environment: {C: 3, FROM: null, NOT: null}}}',
      'one.env': 'A=1\nB=1\nC=1\n',
      'two.env': "B='raw'\n",
    };
    const result = read(files, { env: { FROM: 'env' } });
    expect(serviceIn(result, 'a').container.Env).toEqual(['A=1', "B='raw'", 'C=3', 'FROM=env']);
    expect(result.warnings.map(({ key }) => key)).toEqual(['services.a.environment.NOT']);
  });
});

describe('mounts', () => {
  it('are binds where a bind says it, with volumes by their engine names', () => {
    const text = `services:
  a:
    image: x
    volumes:
      - ./rel:/rel
      - ~/h:/h:ro
      - data:/data
      - /anon
      - {type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 0700}}
      - {type: volume, source: data, target: /sub, volume: {subpath: s}}
      - {type: bind, source: /b, target: /b2, bind: {create_host_path: false}}
volumes: {data: }
`;
    const { container } = serviceIn(read(text, { env: { HOME: '/home/u' } }), 'a');
    expect(container.HostConfig?.Binds).toEqual(['/p/rel:/rel:rw', '/home/u/h:/h:ro', 'shop_data:/data:rw']);
    expect(container.HostConfig?.Mounts).toMatchObject([
      { Type: 'volume', Target: '/anon' },
      { Type: 'tmpfs', Target: '/t', TmpfsOptions: { SizeBytes: 2 ** 20, Mode: 0o700 } },
      { Type: 'volume', Source: 'shop_data', Target: '/sub', VolumeOptions: { Subpath: 's' } },
      { Type: 'bind', Source: '/b', Target: '/b2', BindOptions: {} },
    ]);
  });

  it.each([
    ['volumes: ["a:b:c:d"]', 'is no volume'],
    ['volumes: ["./x:rel"]', 'must be an absolute path in the container'],
    ['volumes: ["/a:/x", "/b:/x"]', 'has the same target as'],
    ['volumes: ["/a:/x:foo"]', 'has the option foo'],
    ['volumes: [{type: cluster, source: x, target: /x}]', 'which hosts with Linux do not have'],
  ])('refuse %s', (text, message) => {
    expect(errors(text)[0]).toContain(message);
  });
});

describe('networks', () => {
  it("are the stack's own, or there already, with addresses and aliases", () => {
    const result = read(`services:
  a:
    image: x
    hostname: box
    networks: {front: {aliases: [w], ipv4_address: 10.1.0.5}, back: {priority: 10}}
networks:
  front: {ipam: {config: [{subnet: 10.1.0.0/24}]}}
  back: {external: {name: shared}}
`);
    expect(serviceIn(result, 'a').container).toMatchObject({
      HostConfig: { NetworkMode: 'shared' },
      NetworkingConfig: {
        EndpointsConfig: {
          shared: { Aliases: ['a', 'box'] },
          shop_front: { Aliases: ['a', 'box', 'w'], IPAMConfig: { IPv4Address: '10.1.0.5' } },
        },
      },
    });
    expect(result.stack.networks).toMatchObject([
      { key: 'back', external: true, spec: { Name: 'shared' } },
      {
        key: 'front',
        external: false,
        spec: { Name: 'shop_front', Driver: 'xoverlay', IPAM: { Config: [{ Subnet: '10.1.0.0/24' }] } },
      },
    ]);
  });

  it('know the containers of a route that ends in .local by its name', () => {
    const result = read(`services:
  a: {image: x, labels: {aliyun.routing.port_80: "shop.local;shop.example.com"}}
`);
    expect(serviceIn(result, 'a').container.NetworkingConfig?.EndpointsConfig).toEqual({
      shop_default: { Aliases: ['a', 'shop.local'] },
    });
  });

  it('come by their names where no priority is given, as docker-compose has them', () => {
    const text = 'services: {a: {image: x, networks: [front, back]}}\nnetworks: {front: {}, back: {}}\n';
    const { HostConfig, NetworkingConfig } = serviceIn(read(text), 'a').container;
    expect(HostConfig?.NetworkMode).toBe('shop_back');
    expect(Object.keys(NetworkingConfig?.EndpointsConfig ?? {})).toEqual(['shop_back', 'shop_front']);
  });

  it.each([
    ['network_mode: host\nnetworks: [x]', 'stands beside networks'],
    ['network_mode: foo', 'is no mode'],
    ['network_mode: service:b', 'there is no service "b"'],
    ['networks: [x]', 'is not under networks'],
    ['scale: 2\nnetworks: {default: {ipv4_address: 10.0.0.1}}', 'is one address for several containers'],
    ['networks: {default: {ipv4_address: 10.0.0.300}}', 'is no IPv4 address'],
    ['links: [b]', 'there is no service "b"'],
  ])('refuse %j', (text, message) => {
    expect(errors(text).join('\n')).toContain(message);
  });
});

it.each([
  ['mem_limit: 1x', 'must be a number of bytes'],
  ['mem_limit: 1g\nmem_reservation: 2g', 'raise the limit'],
  [
    'mem_limit: 1g\ndeploy: {resources: {limits: {memory: 2g}}}',
    'is another value than services.a.deploy.resources.limits.memory',
  ],
  ['scale: 2\ndeploy: {replicas: 3}', 'is another number of containers'],
  ['scale: 2\ncontainer_name: one', 'is one name for several containers'],
  ['stop_grace_period: soon', 'must be a time such as 30s'],
  ['healthcheck: {test: [curl]}', 'begins with CMD'],
  ['restart: sometimes', 'is none: write no, always'],
  ['ulimits: {nofile: {soft: 3, hard: 2}}', 'soft 3 is more than hard 2'],
  ['command: echo "x', 'a quote that is never closed'],
  ['deploy: {placement: {constraints: [rack]}}', 'is no constraint'],
  ['security_opt: ["seccomp:profile.json"]', 'names the file "profile.json"'],
  ['secrets: [s]', 'is not under secrets'],
  ['ports: ["1-3:1-2"]', 'both need the same number'],
])('refuses %j', (text, message) => {
  expect(errors(text).join('\n')).toContain(message);
});

it('makes a job of what others wait for to end', () => {
  const result = read(
    'services: {a: {image: x, depends_on: {init: {condition: service_completed_successfully}}}, init: {image: y}}',
  );
  expect(serviceIn(result, 'init').runs).toEqual({ kind: 'job' });
  expect(serviceIn(result, 'a').dependsOn).toEqual([
    { service: 'init', condition: 'completed', restart: false, required: true },
  ]);
});

it('reads files of configs and secrets as they are, text or not', () => {
  const text =
    'services: {a: {image: x}}\nsecrets: {s: {file: ./s}, t: {file: ./t}, u: {file: ./s, environment: E}}\n';
  const bytes: Record<string, Uint8Array> = {
    '/shop/s': Uint8Array.of(0xff, 0, 1),
    '/shop/t': Buffer.from('\ufeffx\r\n'),
  };
  const input = { files: ['/shop/compose.yml'], folder: '/shop', env: { E: '1' } };
  const stack = (body: string) =>
    readStack({
      ...input,
      read: (path) => (path === '/shop/compose.yml' ? body : undefined),
      readBytes: (path) => bytes[path],
    }).stack;
  expect(() => stack(text)).toThrow(/has file and environment/);
  expect(stack(text.replace(', environment: E', '')).secrets.map(({ content }) => content)).toEqual([
    { kind: 'base64', data: '/wAB' },
    { kind: 'text', text: '\ufeffx\r\n' },
    { kind: 'base64', data: '/wAB' },
  ]);
  expect(() => stack(text.replace('./t', './v').replace(', environment: E', ''))).toThrow(
    /there is no file "\/shop\/v"/,
  );
});

it("reads configs and secrets with their content, and Aliyun's external services", () => {
  const files = {
    'compose.yml': `services:
  a:
    image: x
    configs: [{source: c, target: /etc/c, mode: 0440}]
    secrets: [s]
    links: ["db:mysql"]
  db:
    external: {host: 10.0.0.9, ports: [3306]}
configs: {c: {content: "v=$V"}}
secrets: {s: {file: ./s.txt}, e: {environment: TOKEN}, x: {external: true}}
`,
    's.txt': 'hidden',
  };
  const result = read(files, { env: { V: '1', TOKEN: 't' } });
  expect(stackSchema.parse(result.stack)).toEqual(result.stack);
  expect(serviceIn(result, 'a').files).toEqual([
    { kind: 'config', source: 'c', target: '/etc/c', uid: '0', gid: '0', mode: 0o440 },
    { kind: 'secret', source: 's', target: '/run/secrets/s', uid: '0', gid: '0', mode: 0o444 },
  ]);
  expect(result.stack.configs).toMatchObject([
    { key: 'c', name: 'shop_c', content: { kind: 'text', text: 'v=1' } },
  ]);
  expect(result.stack.secrets.map(({ key, content }) => [key, content])).toEqual([
    ['e', { kind: 'text', text: 't' }],
    ['s', { kind: 'text', text: 'hidden' }],
    ['x', { kind: 'external' }],
  ]);
  expect(result.stack.externals.map(({ name, hosts, ports }) => [name, hosts, ports])).toEqual([
    ['db', ['10.0.0.9'], [3306]],
    ['mysql', ['10.0.0.9'], [3306]],
  ]);
  expect(serviceIn(result, 'a').dependsOn).toEqual([]);
  expect(serviceIn(result, 'a').container.HostConfig?.ExtraHosts).toEqual(['db:10.0.0.9', 'mysql:10.0.0.9']);
});

it('gives the addresses of what is outside to containers with a network of their own', () => {
  const { stack: made } = read(`services:
  a: {image: x, extra_hosts: ['h:10.0.0.1']}
  b: {image: x, network_mode: 'service:a'}
  db: {external: {hosts: [10.0.0.9, 'fd00::1', db.example.com]}}
`);
  expect(made.services.map(({ container }) => container.HostConfig?.ExtraHosts)).toEqual([
    ['h:10.0.0.1', 'db:10.0.0.9', 'db:fd00::1'],
    undefined,
  ]);
});

it('gives names of what is outside to containers on networks that span hosts, and says where it does not', () => {
  const result = read(`services:
  a: {image: x, links: ['db:mysql']}
  b: {image: x, network_mode: 'service:a'}
  c: {image: x, network_mode: host}
  d: {image: x, networks: [one]}
  db: {external: {host: db.example.com}}
  two:
    external:
      hosts:
        - first.example.com
        - second.example.com
  mixed: {external: {hosts: [10.0.0.9, db.example.com]}}
networks: {one: {driver: bridge}}
`);
  const labels = (name: string) =>
    Object.entries(serviceIn(result, name).container.Labels ?? {}).filter(([label]) =>
      label.startsWith('berth.external.'),
    );
  expect(labels('a')).toEqual([
    ['berth.external.db', 'db.example.com'],
    ['berth.external.mysql', 'db.example.com'],
    ['berth.external.two', 'first.example.com'],
  ]);
  expect(labels('b')).toEqual([]);
  expect(serviceIn(result, 'a').container.HostConfig?.ExtraHosts).toEqual(['mixed:10.0.0.9']);
  const found = result.warnings
    .map(({ at, message }) => [at.line, message])
    .filter(([, text]) => /answered/.test(String(text)));
  const deaf = 'c, d, on no network that spans hosts: write an address, or ask for it by its own name';
  const own = 'stands: leave it out, or ask for it by its own name';
  expect(found).toEqual([
    [6, `is not answered as "db" to ${deaf}`],
    [11, `is not answered as "two", for which "first.example.com" ${own}`],
    [10, `is not answered as "two" to ${deaf}`],
    [12, `is not answered as "mixed", for which "10.0.0.9" ${own}`],
  ]);
});

it('has the same digest for files that say the same', () => {
  const digest = (text: string) => digestOf(read(text).stack);
  expect(digest('services: {a: {image: x, environment: {A: 1}}, b: {image: y}}')).toBe(
    digest('services:\n  b: {image: y}\n  a: {environment: [A=1], image: x}\n'),
  );
  expect(digest('services: {a: {image: x}}')).not.toBe(digest('services: {a: {image: y}}'));
});

it('says what cpu_shares are', () => {
  const shares = (value: number, labels = '') =>
    read(`services: {a: {image: x, cpu_shares: ${value}${labels}}}`);
  expect(serviceIn(shares(512), 'a').container.HostConfig?.CpuShares).toBe(512);
  expect(warningsOf('services: {a: {image: x, cpu_shares: 2}}')[0]).toContain('2 are set aside on the host');
  expect(serviceIn(shares(50, ', labels: {aliyun.scale: "1"}'), 'a').container.HostConfig?.CpuShares).toBe(
    0.5,
  );
});
