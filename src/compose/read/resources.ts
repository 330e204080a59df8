import { MOST_SHARES_AS_CORES } from '../../model/cpu-shares.ts';
import type { Reader } from '../reader.ts';
import { parseDuration, parseNumber } from '../units.ts';
import { cpuList } from './rules.ts';

type Fields = Record<string, unknown>;

/**
 * CPU, memory and process limits, from `deploy.resources` and from the keys of older versions.
 * @param aliyun the stack has Aliyun's labels: 100 `cpu_shares` are a core then
 */
export function resourceFields(service: Reader, aliyun: boolean): Fields {
  const limits = service.get('deploy').get('resources').get('limits');
  const reservations = service.get('deploy').get('resources').get('reservations');
  const cpus = either(service.get('cpus'), limits.get('cpus'), (one) => one.number({ min: 0, max: 100_000 }));
  const memory = either(service.get('mem_limit'), limits.get('memory'), (one) => one.bytes);
  const reserved = either(service.get('mem_reservation'), reservations.get('memory'), (one) => one.bytes);
  const pids = either(service.get('pids_limit'), limits.get('pids'), (one) => one.whole(-1));
  if (memory !== undefined && memory > 0 && reserved !== undefined && reserved > memory)
    service.error(
      `reserves ${reserved} bytes of memory and is limited to ${memory}: raise the limit or lower the reservation`,
    );
  return defined({
    NanoCpus: cpus === undefined ? undefined : Math.round(cpus * 1e9),
    CpuShares: shares(service.get('cpu_shares'), reservations.get('cpus'), cpus, aliyun),
    Memory: memory,
    MemoryReservation: reserved,
    MemorySwap: swap(service.get('memswap_limit')),
    MemorySwappiness: service.get('mem_swappiness').whole(0, 100),
    PidsLimit: pids,
    CpuQuota: service.get('cpu_quota').whole(-1),
    CpuPeriod: microseconds(service.get('cpu_period')),
    CpuRealtimePeriod: microseconds(service.get('cpu_rt_period')),
    CpuRealtimeRuntime: microseconds(service.get('cpu_rt_runtime')),
    CpusetCpus: cpuList(service.get('cpuset')),
    ShmSize: service.get('shm_size').bytes,
    ...blockFields(service.get('blkio_config')),
  });
}

/** Without the fields that have no value. */
export function defined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** The same setting by two keys: both may stand there if they say the same. */
function either<T>(old: Reader, current: Reader, read: (one: Reader) => T | undefined): T | undefined {
  const [first, second] = [read(old), read(current)];
  if (first !== undefined && second !== undefined && first !== second)
    old.error(`is another value than ${current.key}: remove one of them`);
  return second ?? first;
}

/**
 * Cores that are set aside without a limit. The scheduler reads them from `CpuShares`, and the agent makes a weight of
 * them; a limit on CPU is set aside as a whole.
 */
function shares(
  own: Reader,
  reserved: Reader,
  limit: number | undefined,
  aliyun: boolean,
): number | undefined {
  const cores = reserved.number({ min: 0, max: MOST_SHARES_AS_CORES });
  const weight = own.whole(0, 1_000_000);
  if (cores !== undefined && limit !== undefined && limit > 0) {
    if (cores > limit) reserved.error(`is ${cores}, more than the limit of ${limit} cores`);
    else if (cores < limit)
      reserved.warn(`what is set aside is the limit, ${limit} cores: hosts are not filled beyond the limits`);
    return weight;
  }
  if (cores !== undefined) {
    if (weight !== undefined) own.warn(`changes nothing beside ${reserved.key}`);
    return cores;
  }
  if (weight === undefined || weight === 0) return weight;
  if (aliyun) {
    own.warn(
      `${weight} cpu_shares are ${weight / 100} of a core, as in Aliyun's clusters, whose labels this stack has`,
    );
    return weight / 100;
  }
  if (weight <= MOST_SHARES_AS_CORES)
    own.warn(
      `up to ${MOST_SHARES_AS_CORES} cpu_shares are cores, as in classic Swarm: ${weight} are set aside on the host`,
    );
  return weight;
}

/** -1 is as much as there is. */
function swap(reader: Reader): number | undefined {
  return reader.text === '-1' ? -1 : reader.bytes;
}

/** A number of microseconds, or a time such as `50ms`. */
function microseconds(reader: Reader): number | undefined {
  const text = reader.text;
  if (text === undefined) return undefined;
  const milliseconds = parseDuration(text);
  const value = parseNumber(text) ?? (milliseconds === undefined ? undefined : milliseconds * 1000);
  return value !== undefined && value >= 0
    ? value
    : reader.error('must be microseconds, or a time such as 50ms');
}

function blockFields(config: Reader): Fields {
  const limits = (key: string, amount: (one: Reader) => number | undefined) =>
    config.get(key).isThere
      ? config.get(key).items.map((item) => ({ Path: item.get('path').text, Rate: amount(item.get('rate')) }))
      : undefined;
  return {
    BlkioWeight: config.get('weight').whole(10, 1000),
    BlkioWeightDevice: config.get('weight_device').isThere
      ? config
          .get('weight_device')
          .items.map((item) => ({ Path: item.get('path').text, Weight: item.get('weight').whole(10, 1000) }))
      : undefined,
    BlkioDeviceReadBps: limits('device_read_bps', (one) => one.bytes),
    BlkioDeviceWriteBps: limits('device_write_bps', (one) => one.bytes),
    BlkioDeviceReadIOps: limits('device_read_iops', (one) => one.whole(0)),
    BlkioDeviceWriteIOps: limits('device_write_iops', (one) => one.whole(0)),
  };
}
