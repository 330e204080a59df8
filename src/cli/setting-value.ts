import { BerthError } from '../kit/errors.ts';
import { defaultSettings, type Settings } from '../model/settings.ts';
import { parseBytes, parseDuration } from './values.ts';

export type SettingKey = keyof Settings;
export const SETTING_KEYS = Object.keys(defaultSettings) as readonly SettingKey[];

/** @throws BerthError `not_found` where there is no such setting. */
export function settingKey(text: string): SettingKey {
  const found = SETTING_KEYS.find((key) => key.toLowerCase() === text.toLowerCase());
  if (found !== undefined) return found;
  throw new BerthError('not_found', `there is no setting "${text}"`, {
    hint: `take one of ${SETTING_KEYS.join(', ')}`,
  });
}

/** Milliseconds from `5s` or `2500`. */
function milliseconds(text: string, key: string): unknown {
  return /^\d+$/.test(text) ? Number(text) : Number(parseDuration(text, undefined, key)) * 1000;
}

function number(text: string, key: string): unknown {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new BerthError('bad_request', `${key}: "${text}" is not a number`);
}

/** How the text of a setting is read: every key needs a reader, or this does not compile. */
const READERS: Readonly<Record<SettingKey, (text: string, key: string) => unknown>> = {
  strategy: (text) => text,
  failureDomains: list,
  cpuOvercommit: number,
  memoryOvercommit: number,
  reservedCpuMilli: number,
  reservedMemory: (text, key) => parseBytes(text, undefined, key),
  plugins: list,
  imageHosts: (text) => text,
  suspectAfterMs: milliseconds,
  downAfterMs: milliseconds,
  downConfirmedAfterMs: milliseconds,
  failoverMaxShare: number,
  failoverWindowMs: milliseconds,
  failoverGraceMs: milliseconds,
  networkDriver: (text) => text,
  networkPools: list,
  addressGraceMs: milliseconds,
  fanoutTimeoutMs: milliseconds,
  appsDomain: (text) => text.toLowerCase(),
  routerImage: (text) => text,
  routerPort: number,
  routerTlsPort: number,
  routerTrust: list,
  routerProxyFrom: list,
  acmeDirectory: (text) => text,
  acmeContact: (text) => text,
  acmeTermsAgreed: flag,
  acmeRoot: (text) => text,
  drainMs: milliseconds,
};

function flag(text: string, key: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new BerthError('bad_request', `${key}: "${text}" is neither true nor false`);
}

/** `a,b`, or as JSON. */
function list(text: string, key: string): unknown {
  if (!text.startsWith('[')) return text === '' ? [] : text.split(',').map((one) => one.trim());
  try {
    return JSON.parse(text);
  } catch {
    throw new BerthError('bad_request', `${key}: "${text}" is not a list`, { hint: 'write it as a,b' });
  }
}

/** The changes that the words name: `KEY=VALUE` each, or one `KEY VALUE`. */
export function settingValues(words: readonly string[]): (readonly [SettingKey, unknown])[] {
  const [key = '', value] = words;
  if (words.length === 2 && value !== undefined && !key.includes('='))
    return [settingValue(`${key}=${value}`)];
  return words.map(settingValue);
}

/** One `KEY=VALUE` for the manager, which checks the limits. */
export function settingValue(text: string): readonly [SettingKey, unknown] {
  const at = text.indexOf('=');
  if (at < 1) {
    throw new BerthError('bad_request', `"${text}" is not KEY=VALUE`, {
      hint: 'write it as strategy=binpack; "berth settings ls" shows the keys',
    });
  }
  const key = settingKey(text.slice(0, at));
  return [key, READERS[key](text.slice(at + 1), key)];
}

/** As `settings set` takes it. */
export function settingText(value: Settings[SettingKey]): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}
