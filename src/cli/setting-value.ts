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

type Reader = (text: string, key: string) => unknown;

const asIs: Reader = (text) => text;
const bytes: Reader = (text, key) => parseBytes(text, undefined, key);

/** How the text of a setting is read, and what it is for: every key needs a line, or this does not compile. */
const SETTINGS: Readonly<Record<SettingKey, readonly [read: Reader, meaning: string]>> = {
  strategy: [asIs, 'which of the hosts that fit is taken: spread, binpack, random, or one of a plugin'],
  failureDomains: [list, 'labels of hosts over which equal containers are spread, the widest first'],
  cpuOvercommit: [number, 'asked CPU may be so many times what a host has'],
  memoryOvercommit: [number, 'asked memory may be so many times what a host has'],
  reservedCpuMilli: [number, 'kept free on each host for its system, thousandths of a core'],
  reservedMemory: [bytes, 'kept free on each host for its system'],
  plugins: [list, 'ES modules with further filters and strategies, absolute paths on the manager'],
  imageHosts: [asIs, 'hosts that "docker pull" and "docker load" fill: all, or an expression as role==web'],
  suspectAfterMs: [milliseconds, 'a host that is silent for so long gets nothing new'],
  downAfterMs: [milliseconds, 'a host that is silent for so long is down'],
  downConfirmedAfterMs: [milliseconds, 'the same where nobody else reaches its machine either'],
  failoverMaxShare: [
    number,
    'where more than this share of the hosts vanish at once, nothing moves; 1: it always does',
  ],
  failoverWindowMs: [milliseconds, 'within so long is at once'],
  failoverGraceMs: [milliseconds, 'hosts have so long to connect after a start of the manager'],
  networkDriver: [
    asIs,
    'of networks that are made without a driver by compose files: xoverlay, vlan or bridge',
  ],
  networkPools: [list, 'where subnets come from for which none is named: RANGE:PREFIX, as 10.128.0.0/9:20'],
  addressGraceMs: [milliseconds, 'the address of a container that is gone goes to nobody else for so long'],
  fanoutTimeoutMs: [milliseconds, 'one host is waited for so long where many are asked'],
  appsDomain: [
    (text) => text.toLowerCase(),
    'domain behind routes that are a prefix alone: shop is shop.apps.example.com',
  ],
  routerImage: [asIs, 'image of the routers: HAProxy 2.6 or later'],
  routerPort: [number, 'port of the ingress hosts for HTTP'],
  routerTlsPort: [number, 'port of the ingress hosts for HTTPS; 0: none'],
  routerTrust: [list, 'balancers in front whose X-Forwarded-For and -Proto are believed: addresses, subnets'],
  routerProxyFrom: [list, 'balancers in front that begin each connection with the PROXY protocol'],
  acmeDirectory: [asIs, 'the CA that gives certificates by ACME: URL of its directory'],
  acmeContact: [asIs, 'mail address that this CA writes to'],
  acmeTermsAgreed: [flag, 'true: you agree to the terms of this CA; nothing is asked of it before'],
  acmeRoot: [asIs, 'certificates (PEM) that its own server is checked by, where it is no public CA'],
  drainMs: [milliseconds, 'a container that leaves the routers has so long for requests under way'],
};

/** What each setting is for, one a line. */
export const SETTINGS_TEXT = SETTING_KEYS.map((key) => `- ${key}: ${SETTINGS[key][1]}`).join('\n');

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
  return [key, SETTINGS[key][0](text.slice(at + 1), key)];
}

/** As `settings set` takes it. */
export function settingText(value: Settings[SettingKey]): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}
