import type { LogSource } from '../../model/service.ts';
import { quoted } from '../problems.ts';
import type { Reader } from '../reader.ts';
import type { LabelSet } from './label-set.ts';

const DEFAULT_DAYS = 2;

export function logsOf(labels: LabelSet): LogSource[] {
  const timestamp = labels.get('log.timestamp').boolean ?? true;
  const sources = new Map<string, Reader>();
  for (const [name, reader] of labels.below('log_store_')) sources.set(name, reader);
  for (const [name, reader] of labels.below('logs.')) {
    if (name.includes('.')) continue;
    if (sources.has(name)) reader.error(`is there as log_store_${name}, too: remove one`);
    sources.set(name, reader);
  }
  for (const [name, reader] of labels.below('log_ttl_'))
    if (!sources.has(name)) reader.warn(`changes nothing without log_store_${name} or logs.${name}`);
  return [...sources].flatMap(([name, reader]): LogSource[] => {
    const source = reader.text ?? '';
    if (!/^[A-Za-z0-9_-]{1,63}$/.test(name))
      reader.error('has a name with other characters than letters, digits, _ and -');
    if (source !== 'stdout' && (!/^\/[^\0\n]*$/.test(source) || source.split('/').includes('..'))) {
      reader.error(`is ${quoted(source)}, and must be stdout or an absolute path such as /var/log/*.log`);
      return [];
    }
    return [
      {
        kind: 'log',
        name,
        source,
        format: labels.get(`logs.${name}.format`).oneOf(['none', 'json', 'csv']) ?? 'none',
        tags: tagsOf(labels.get(`logs.${name}.tags`)),
        ttlDays: labels.get(`log_ttl_${name}`).whole(1, 365) ?? DEFAULT_DAYS,
        timestamp,
      },
    ];
  });
}

function tagsOf(reader: Reader): Record<string, string> {
  const pairs = (reader.text ?? '').split(',').filter((pair) => pair.trim() !== '');
  const made: [string, string][] = [];
  for (const pair of pairs) {
    const [name = '', value] = pair.trim().split(/=(.*)/s);
    if (name === '' || value === undefined) reader.error(`has ${quoted(pair)}, which is not NAME=VALUE`);
    else made.push([name, value]);
  }
  return Object.fromEntries(made);
}
