import type { Problems } from './problems.ts';
import { keyPath, type TreeNode } from './tree.ts';

/**
 * What Berth makes of a key. `part`: some of its values, and those that are not are told where they stand; `warned`: a
 * deployment goes on without it; `refused`: it does not.
 */
export type Verdict = 'honoured' | 'part' | 'warned' | 'refused';
export type KeyRow = Readonly<{
  /** As `schemaKeys` has it: `services.*.ports[].mode`. */
  key: string;
  verdict: Verdict;
  /** For warned and refused keys: what is said behind the key. */
  words: string;
}>;

const WINDOWS = 'is for hosts with Windows: remove it';
const HOOK = 'is not carried out: let the entrypoint or a service of its own do it';

/** By parent: keys with nothing to say, and others with their words. */
type Section = Readonly<{
  honoured: string;
  part?: Readonly<Record<string, string>>;
  warned?: Readonly<Record<string, string>>;
  refused?: Readonly<Record<string, string>>;
}>;

const RATES: Section = { honoured: 'path rate' };
const GRANT: Section = { honoured: 'source target uid gid mode' };
const DEVICE: Section = { honoured: 'capabilities count device_ids driver options' };
const UPDATE: Section = { honoured: 'parallelism delay monitor max_failure_ratio order failure_action' };

const SECTIONS: Readonly<Record<string, Section>> = {
  '': {
    honoured: 'name services networks volumes secrets configs include',
    part: { version: 'The form of the file follows its keys; the number is checked and not needed.' },
    refused: { models: 'asks for a model runner, which there is none of: run the model as a service' },
  },
  'include[]': { honoured: 'path env_file project_directory' },
  'services.*': {
    honoured:
      'annotations blkio_config cap_add cap_drop cgroup cgroup_parent command configs cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpus cpuset depends_on deploy device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file environment expose extends extra_hosts gpus group_add healthcheck hostname image init ipc label_file labels links logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit networks oom_kill_disable oom_score_adj pid pids_limit platform privileged profiles read_only restart runtime scale secrets security_opt shm_size stdin_open stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits user userns_mode uts volumes volumes_from working_dir',
    part: {
      build:
        '`berth deploy` has the docker CLI make images that the cluster has not, all with `--build`. In the dashboard nothing is built.',
      container_name: 'Of services that can have one container only.',
      cpu_shares:
        'Up to 64 are cores that are set aside, as in classic Swarm; more are a weight. In stacks with `aliyun.*` labels 100 are a core.',
      external_links: 'The container must be on the same host.',
      network_mode: '`service:` and `container:` hold both containers to one host.',
      ports:
        'A fixed port of a service that may have several containers is a listener on the ingress hosts; `mode: host` binds it on each host.',
      pull_policy: '`daily`, `weekly` and `every_…` are `always`.',
    },
    warned: {
      attach: 'changes nothing: berth stack logs shows the output of all services',
      cpu_count: WINDOWS,
      cpu_percent: WINDOWS,
      develop: 'is for docker compose watch, and changes nothing here',
      isolation: WINDOWS,
      pull_refresh_after: 'changes nothing: images are pulled by pull_policy',
    },
    refused: {
      credential_spec: WINDOWS,
      models: 'asks for a model runner, which there is none of: run the model as a service',
      post_start: HOOK,
      pre_stop: HOOK,
      provider:
        "is a program on the user's machine, which a cluster does not start: write a service, or external",
      use_api_socket:
        "would give the container the cluster's endpoint: mount a socket and credentials of its own",
    },
  },
  'services.*.blkio_config': {
    honoured: 'device_read_bps device_read_iops device_write_bps device_write_iops weight weight_device',
  },
  'services.*.blkio_config.device_read_bps[]': RATES,
  'services.*.blkio_config.device_read_iops[]': RATES,
  'services.*.blkio_config.device_write_bps[]': RATES,
  'services.*.blkio_config.device_write_iops[]': RATES,
  'services.*.blkio_config.weight_device[]': { honoured: 'path weight' },
  'services.*.build': {
    honoured:
      'args cache_from context dockerfile dockerfile_inline extra_hosts labels network no_cache platforms pull shm_size tags target',
    warned: {
      cache_to: 'changes nothing: images are built without an export of their cache',
      isolation: WINDOWS,
      ulimits: "changes nothing: the host's limits hold while an image is built",
    },
    refused: {
      additional_contexts: 'cannot be had: copy what is needed into the context',
      entitlements: 'cannot be had: builds run without further rights',
      privileged: 'cannot be had: builds run without further rights',
      secrets: 'cannot be had: give the secret to the service instead',
      ssh: 'cannot be had: no agent of the user is there where images are built',
    },
  },
  'services.*.configs[]': GRANT,
  'services.*.secrets[]': GRANT,
  'services.*.depends_on.*': { honoured: 'condition required restart' },
  'services.*.deploy': {
    honoured: 'labels mode placement replicas resources restart_policy rollback_config update_config',
    part: { endpoint_mode: 'Names have the addresses of the containers, as with `dnsrr`; `vip` warns.' },
  },
  'services.*.deploy.placement': { honoured: 'constraints max_replicas_per_node preferences' },
  'services.*.deploy.placement.preferences[]': { honoured: 'spread' },
  'services.*.deploy.resources': { honoured: 'limits reservations' },
  'services.*.deploy.resources.limits': { honoured: 'cpus memory pids' },
  'services.*.deploy.resources.reservations': {
    honoured: 'devices memory',
    part: { cpus: 'Where there is a limit on CPU, the limit is what is set aside.' },
    refused: { generic_resources: 'is not known to the hosts: label them, and write a constraint' },
  },
  'services.*.deploy.resources.reservations.devices[]': DEVICE,
  'services.*.deploy.restart_policy': {
    honoured: 'condition',
    part: {
      max_attempts: 'With `condition: on-failure`.',
      delay: 'Is kept, with a warning: hosts start containers again with growing pauses of their own.',
      window: 'Is kept, with a warning: a container that has run for 10 s has started well.',
    },
  },
  'services.*.deploy.rollback_config': UPDATE,
  'services.*.deploy.update_config': UPDATE,
  'services.*.devices[]': { honoured: 'permissions source target' },
  'services.*.env_file[]': { honoured: 'format path required' },
  'services.*.extends': { honoured: 'file service' },
  'services.*.gpus[]': DEVICE,
  'services.*.healthcheck': {
    honoured: 'disable interval retries start_interval start_period test timeout',
  },
  'services.*.logging': { honoured: 'driver options' },
  'services.*.networks.*': {
    honoured: 'aliases driver_opts gw_priority link_local_ips mac_address priority',
    part: {
      ipv4_address: 'Of services with one container; others have the label `berth.ip.NETWORK`.',
      ipv6_address: 'Of services with one container; others have the label `berth.ip.NETWORK`.',
    },
    warned: { interface_name: 'changes nothing: interfaces are eth0, eth1 and so on, by priority' },
  },
  'services.*.ports[]': {
    honoured: 'host_ip mode protocol published target',
    warned: {
      app_protocol: 'changes nothing: the label berth.lb.port_PORT says http or https',
      name: 'changes nothing',
    },
  },
  'services.*.ulimits.*': { honoured: 'hard soft' },
  'services.*.volumes[]': {
    honoured: 'bind image read_only source target tmpfs volume',
    part: { type: '`bind`, `volume`, `tmpfs` and `image`; `cluster` and `npipe` are refused.' },
    warned: { consistency: 'is for Docker Desktop, and changes nothing on Linux' },
  },
  'services.*.volumes[].bind': { honoured: 'create_host_path propagation recursive selinux' },
  'services.*.volumes[].image': { honoured: 'subpath' },
  'services.*.volumes[].tmpfs': { honoured: 'mode size' },
  'services.*.volumes[].volume': { honoured: 'labels nocopy subpath' },
  'networks.*': {
    honoured: 'attachable driver_opts enable_ipv4 enable_ipv6 external internal ipam labels name',
    part: {
      driver:
        '`xoverlay` where there is none; `overlay` is read as it. A `bridge` network is on one host, and says so.',
    },
  },
  'networks.*.external': { honoured: 'name' },
  'networks.*.ipam': { honoured: 'config driver options' },
  'networks.*.ipam.config[]': { honoured: 'aux_addresses gateway ip_range subnet' },
  'volumes.*': { honoured: 'driver driver_opts external labels name' },
  'volumes.*.external': { honoured: 'name' },
  'configs.*': {
    honoured: 'content environment external file labels name',
    refused: { template_driver: 'cannot be had: write what the file is to hold' },
  },
  'configs.*.external': { honoured: 'name' },
  'secrets.*': {
    honoured: 'environment external file labels name',
    refused: {
      driver: 'cannot be had: secrets are kept by the cluster itself',
      driver_opts: 'cannot be had: secrets are kept by the cluster itself',
      template_driver: 'cannot be had: write what the file is to hold',
    },
  },
  'secrets.*.external': { honoured: 'name' },
};

/** One row for each key of the specification; what is below a warned or refused one has none of its own. */
export const KEY_ROWS: readonly KeyRow[] = Object.entries(SECTIONS).flatMap(([parent, section]) => {
  const path = (key: string) => (parent === '' ? key : `${parent}.${key}`);
  const rows = (verdict: Verdict, words: Readonly<Record<string, string>> = {}) =>
    Object.entries(words).map(([key, text]) => ({ key: path(key), verdict, words: text }));
  return [
    ...section.honoured
      .split(' ')
      .map((key) => ({ key: path(key), verdict: 'honoured' as const, words: '' })),
    ...rows('part', section.part),
    ...rows('warned', section.warned),
    ...rows('refused', section.refused),
  ].sort((a, b) => (a.key < b.key ? -1 : 1));
});

const ROWS: ReadonlyMap<string, KeyRow> = new Map(KEY_ROWS.map((row) => [row.key, row]));
const PARENTS: ReadonlySet<string> = new Set(Object.keys(SECTIONS).flatMap(prefixes));

/** `services.*.ports[]` and everything above it. */
function prefixes(pattern: string): string[] {
  const parts = pattern.split('.');
  return parts.flatMap((part, i) => {
    const path = [...parts.slice(0, i), part].join('.');
    return path.endsWith('[]') ? [path, path.slice(0, -2)] : [path];
  });
}

/** Tells each key of the file that Berth does not honour, with its place. */
export function checkKeys(node: TreeNode, problems: Problems, path = '', pattern = ''): void {
  if (node.kind === 'list') {
    const below = `${pattern}[]`;
    if (PARENTS.has(below))
      for (const [i, item] of node.items.entries()) checkKeys(item, problems, keyPath(path, i), below);
    return;
  }
  if (node.kind === 'scalar') return;
  for (const [key, { keyAt, value }] of node.entries) {
    const own = pattern === '' ? key : `${pattern}.${key}`;
    const below = keyPath(path, key);
    const row = ROWS.get(own);
    if (row?.verdict === 'refused') problems.error(keyAt, below, row.words);
    else if (row?.verdict === 'warned') problems.warn(keyAt, below, row.words);
    else checkKeys(value, problems, below, row === undefined ? `${pattern}.*` : own);
  }
}
