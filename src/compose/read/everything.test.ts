import { expect, it } from 'vitest';
import { stackSchema } from '../../model/stack.ts';
import { KEY_ROWS } from '../keys.ts';
import { loadFiles } from '../load.ts';
import { Problems, problemText } from '../problems.ts';
import { Reader } from '../reader.ts';
import { schemaKeys } from '../schema-keys.ts';
import type { Entry, MapNode, TreeNode } from '../tree.ts';
import { stackOf } from './stack.ts';

/** Every key that is honoured, with a value. */
const EVERYTHING = `
services:
  one:
    image: x
    annotations: {a: b}
    blkio_config:
      device_read_bps: [{path: /dev/sda, rate: 1m}]
      device_read_iops: [{path: /dev/sda, rate: 1}]
      device_write_bps: [{path: /dev/sda, rate: 1m}]
      device_write_iops: [{path: /dev/sda, rate: 1}]
      weight: 10
      weight_device: [{path: /dev/sda, weight: 10}]
    build:
      args: {A: 1}
      cache_from: [c]
      context: .
      dockerfile: D
      dockerfile_inline: FROM x
      extra_hosts: [a=1.1.1.1]
      labels: {a: b}
      network: host
      no_cache: true
      platforms: [linux/amd64]
      pull: true
      shm_size: 1m
      tags: [t]
      target: t
    cap_add: [A]
    cap_drop: [A]
    cgroup: host
    cgroup_parent: p
    command: a b
    configs: [{source: c, target: /c, uid: "1", gid: "1", mode: 0444}]
    container_name: name
    cpu_period: 1000
    cpu_quota: 1000
    cpu_rt_period: 1000
    cpu_rt_runtime: 1000
    cpu_shares: 512
    cpus: 1
    cpuset: "0"
    depends_on: {two: {condition: service_healthy, required: true, restart: true}}
    deploy:
      endpoint_mode: dnsrr
      labels: {a: b}
      mode: replicated
      placement: {constraints: [node.labels.a==b], max_replicas_per_node: 1, preferences: [{spread: node.labels.a}]}
      replicas: 1
      resources:
        limits: {cpus: 1, memory: 64m, pids: 10}
        reservations:
          cpus: 1
          devices: [{capabilities: [gpu], count: 1, device_ids: [a], driver: d, options: {a: b}}]
          memory: 64m
      restart_policy: {condition: on-failure, delay: 1s, max_attempts: 1, window: 1s}
      rollback_config: {parallelism: 1, delay: 1s, monitor: 1s, max_failure_ratio: 0, order: stop-first, failure_action: pause}
      update_config: {parallelism: 1, delay: 1s, monitor: 1s, max_failure_ratio: 0, order: stop-first, failure_action: pause}
    device_cgroup_rules: [c 1:3 mr]
    devices: ["/dev/a:/dev/b:r"]
    dns: [1.1.1.1]
    dns_opt: [a]
    dns_search: [a]
    domainname: d
    entrypoint: [a]
    env_file: [{path: env, required: true, format: raw}]
    environment: {A: 1}
    expose: ["80"]
    external_links: [a]
    extra_hosts: {a: 1.1.1.1}
    gpus: [{capabilities: [a], count: 1, device_ids: [a], driver: d, options: {a: b}}]
    group_add: [a]
    healthcheck: {disable: false, interval: 1s, retries: 1, start_interval: 1s, start_period: 1s, test: a, timeout: 1s}
    hostname: h
    init: true
    ipc: host
    label_file: [labels]
    labels: {a: b}
    links: [two]
    logging: {driver: d, options: {a: b}}
    mac_address: 02:42:ac:11:00:01
    mem_limit: 64m
    mem_reservation: 64m
    mem_swappiness: 1
    memswap_limit: 64m
    networks:
      net:
        aliases: [a]
        driver_opts: {a: b}
        gw_priority: 1
        ipv4_address: 10.0.0.1
        ipv6_address: fd00::1
        link_local_ips: [169.254.0.1]
        mac_address: 02:42:ac:11:00:01
        priority: 1
    oom_kill_disable: true
    oom_score_adj: 1
    pid: host
    pids_limit: 10
    platform: linux/amd64
    ports: [{target: 80, published: 80, protocol: tcp, mode: host, host_ip: 127.0.0.1}]
    privileged: true
    pull_policy: always
    read_only: true
    restart: on-failure
    runtime: r
    scale: 1
    secrets: [{source: s, target: /s, uid: "1", gid: "1", mode: 0444}]
    security_opt: [a=b]
    shm_size: 1m
    stdin_open: true
    stop_grace_period: 1s
    stop_signal: a
    storage_opt: {a: b}
    sysctls: {a: b}
    tmpfs: [/t]
    tty: true
    ulimits: {nofile: {soft: 1, hard: 1}}
    user: a
    userns_mode: host
    uts: host
    volumes:
      - {type: volume, source: v, target: /v, read_only: true, volume: {labels: {a: b}, nocopy: true, subpath: s}}
      - {type: bind, source: /b, target: /b, bind: {create_host_path: true, propagation: shared, recursive: disabled, selinux: z}}
      - {type: image, source: i, target: /i, image: {subpath: s}}
      - {type: tmpfs, target: /m, tmpfs: {mode: 0700, size: 1m}}
    volumes_from: [two]
    working_dir: /w
  two:
    image: x
    network_mode: host
networks:
  net:
    attachable: true
    driver: xoverlay
    driver_opts: {a: b}
    enable_ipv4: true
    enable_ipv6: true
    external: false
    internal: true
    ipam: {driver: d, config: [{subnet: 10.0.0.0/8, ip_range: 10.0.0.0/8, gateway: 10.0.0.1, aux_addresses: {a: 10.0.0.2}}], options: {a: b}}
    labels: {a: b}
    name: n
volumes: {v: {driver: d, driver_opts: {a: b}, external: false, labels: {a: b}, name: n}}
configs: {c: {content: a, environment: E, external: false, file: f, labels: {a: b}, name: n}}
secrets: {s: {environment: E, external: false, file: f, labels: {a: b}, name: n}}
`;

/** What stages before this one take out of the file, or never see as a key. */
const BEFORE = /^(?:version|name|include.*|services\.\*\.(?:extends.*|profiles)|.*\.external\.name)$/;

/** The tree with maps that tell of each key that is read. */
function recording(node: TreeNode, pattern: string, there: Set<string>, seen: Set<string>): TreeNode {
  if (node.kind === 'list')
    return { ...node, items: node.items.map((item) => recording(item, `${pattern}[]`, there, seen)) };
  if (node.kind === 'scalar') return node;
  const keys = new Set(schemaKeys());
  const below = (key: string) => {
    const own = pattern === '' ? key : `${pattern}.${key}`;
    return keys.has(own) ? own : `${pattern}.*`;
  };
  class Recorded extends Map<string, Entry> {
    override get(key: string): Entry | undefined {
      seen.add(below(key));
      return super.get(key);
    }
  }
  const entries = new Recorded();
  for (const [key, entry] of node.entries) {
    there.add(below(key));
    entries.set(key, { ...entry, value: recording(entry.value, below(key), there, seen) });
  }
  return { ...node, entries };
}

it('reads every key that the table calls honoured: none is dropped silently', () => {
  const files: Record<string, string> = {
    '/p/c.yml': EVERYTHING,
    '/p/f': 'f',
    '/p/env': 'A=1',
    '/p/labels': 'a=b',
  };
  const given = {
    read: (path: string) => files[path],
    lookup: (name: string) => (name === 'E' ? 'e' : undefined),
  };
  const outside = { ...given, contents: given, builds: true };
  const problems = new Problems();
  const tree = loadFiles(['c.yml'], '/p', { ...given, problems });
  const [there, seen] = [new Set<string>(), new Set<string>()];
  const recorded = recording(tree, '', there, seen) as MapNode;
  const stack = stackOf(new Reader(recorded, '', tree.at, problems), 'shop', outside);
  expect(stackSchema.parse(stack)).toEqual(stack);
  const honoured = KEY_ROWS.filter(({ verdict }) => verdict === 'honoured' || verdict === 'part')
    .map(({ key }) => key)
    .filter((key) => !BEFORE.test(key));
  expect(honoured.filter((key) => !there.has(key))).toEqual([]);
  expect(honoured.filter((key) => !seen.has(key))).toEqual([]);
  // What excludes each other in one file is told.
  expect(() => problems.throwErrors()).toThrow();
  expect(problems.warnings.map(problemText).every((text) => text.startsWith('/p/c.yml:'))).toBe(true);
});
