import { statSync } from 'node:fs';
import { isIP } from 'node:net';
import { BerthError } from '../kit/errors.ts';
import { hostNameSchema, labelKeySchema } from '../model/host.ts';
import { isInterfaceName } from '../model/interface-name.ts';

/** Turns the text of a flag into its value; `previous` is what an earlier one of the same flag gave. */
export type Parse = (text: string, previous: unknown, flag: string) => unknown;

/** A place to listen at or to dial. IPv6 addresses are without brackets. */
export type Address = Readonly<{ host: string; port: number }>;

function wrong(flag: string, text: string, what: string, hint: string): BerthError {
  return new BerthError('bad_request', `${flag}: "${text}" is not ${what}`, { hint });
}

/** @throws BerthError `bad_request` unless it is a whole number from 1 to 65535. */
export function port(text: string, flag: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535) return Number(text);
  throw wrong(flag, text, 'a port', 'give a whole number from 1 to 65535');
}

/** `10.0.0.1:8443`, `[::1]:8443`, `host:8443`; `:8443` is every address of this machine. */
export function address(text: string, flag: string, defaultPort?: number): Address {
  const found = /^(?:\[([^\]]+)\]|([^:]*))(?::([^:]*))?$/.exec(text);
  const bracketed = found?.[1];
  const host = bracketed ?? found?.[2];
  const portText = found?.[3] ?? (defaultPort === undefined ? undefined : String(defaultPort));
  if (found === null || host === undefined || portText === undefined) {
    throw wrong(flag, text, 'ADDRESS:PORT', 'write it as 10.0.0.1:8443, [::1]:8443 or host:8443');
  }
  if (bracketed !== undefined ? isIP(bracketed) !== 6 : host !== '' && !isHost(host)) {
    throw wrong(flag, text, 'ADDRESS:PORT', `"${host}" is neither an IP address nor a host name`);
  }
  return { host: host === '' ? '0.0.0.0' : host, port: port(portText, flag) };
}

function isHost(text: string): boolean {
  // Four numbers with dots are meant as an IPv4 address, and 999.0.0.1 is none.
  if (/^[\d.]+$/.test(text)) return isIP(text) === 4;
  return hostNameSchema.safeParse(text).success;
}

export const parseAddress: Parse = (text, _, flag) => address(text, flag);

/** An address to dial, without a port: IP or host name. */
export const parseHost: Parse = (text, _, flag) => {
  if (isIP(text) !== 0 || isHost(text)) return text;
  throw wrong(flag, text, 'an address', 'give an IP address or a host name, without a port');
};

export const parseIp: Parse = (text, _, flag) => {
  if (isIP(text) !== 0) return text;
  throw wrong(flag, text, 'an IP address', 'give one such as 10.0.0.7');
};

export const parseHostName: Parse = (text, _, flag) => {
  if (hostNameSchema.safeParse(text).success) return text;
  throw wrong(flag, text, 'a host name', 'use letters, digits, dots and dashes (RFC 1123)');
};

export const parseInterface: Parse = (text, _, flag) => {
  if (isInterfaceName(text)) return text;
  throw wrong(flag, text, 'the name of an interface', '"ip link" lists those of this machine');
};

/** One `key=value`; the value may be empty and hold further `=`. */
export function label(text: string, flag: string): readonly [key: string, value: string] {
  const at = text.indexOf('=');
  const key = at < 0 ? text : text.slice(0, at);
  if (at < 1) throw wrong(flag, text, 'a label', 'write it as key=value');
  if (!labelKeySchema.safeParse(key).success) {
    throw wrong(flag, key, 'a label key', 'begin with a letter, then letters, digits, - _ . (128 at most)');
  }
  return [key, text.slice(at + 1)];
}

/** Collects `--label k=v --label k2=v2`; the last one of a key counts. */
export const collectLabels: Parse = (text, previous, flag) => {
  const [key, value] = label(text, flag);
  return { ...(previous as Record<string, string> | undefined), [key]: value };
};

export const collect: Parse = (text, previous) => [...((previous as string[] | undefined) ?? []), text];

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** `90s`, `30m`, `1h`, `7d`, `1h30m`: seconds. A number alone is seconds. */
export const parseDuration: Parse = (text, _, flag) => {
  const parts = [...text.matchAll(/(\d{1,9})([smhd])/g)];
  const seconds = /^\d{1,9}$/.test(text)
    ? Number(text)
    : parts.reduce((sum, [, count, unit]) => sum + Number(count) * SECONDS[unit as keyof typeof SECONDS], 0);
  const whole = /^\d{1,9}$/.test(text) || (parts.length > 0 && parts.map(([part]) => part).join('') === text);
  if (!whole || seconds < 1) throw wrong(flag, text, 'a duration', 'write it as 90s, 30m, 1h, 7d or 1h30m');
  return seconds;
};

const FACTORS = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 } as const;

/** `512m`, `1.5g`, `1024`: bytes, in powers of 1024 as Docker counts (go-units: RAMInBytes). */
export const parseBytes: Parse = (text, _, flag) => {
  const found = /^(\d{1,15}(?:\.\d{1,6})?) ?(?:([kmgt])(?:i?b)?|b)?$/i.exec(text);
  if (found === null) throw wrong(flag, text, 'an amount of memory', 'write it as 512m or 1.5g');
  const unit = (found[2]?.toLowerCase() ?? 'b') as keyof typeof FACTORS;
  return Math.floor(Number(found[1]) * FACTORS[unit]);
};

/** Cores, as `docker run --cpus`: 0.5, 2. */
export const parseCpus: Parse = (text, _, flag) => {
  if (/^\d{1,5}(\.\d{1,9})?$/.test(text) && Number(text) > 0) return Number(text);
  throw wrong(flag, text, 'a number of cores', 'give one over 0, such as 0.5 or 2');
};

/** A whole number within limits. */
export function parseCount(min: number, max: number): Parse {
  return (text, _, flag) => {
    if (/^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text);
    throw wrong(flag, text, 'a number that can be taken', `give a whole number from ${min} to ${max}`);
  };
}

/** A folder's path. An empty one (a variable that is not set) would mean the folder that one stands in. */
export const parseFolder: Parse = (text, _, flag) => {
  if (text !== '') return text;
  throw wrong(flag, text, 'a folder', 'give the path of a folder');
};

/** @throws BerthError `bad_request` where `path` (absolute) is there and is not a folder. */
export function checkFolder(path: string, flag: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isDirectory()) return path;
  throw wrong(flag, path, 'a folder', 'give the path of a folder');
}

/** Linux keeps paths of unix sockets in 108 bytes (unix(7)). */
const SOCKET_PATH_MAX = 107;

export const parseSocketPath: Parse = (text, _, flag) => {
  if (!text.startsWith('/')) throw wrong(flag, text, 'an absolute path', 'begin it with /');
  if (Buffer.byteLength(text) > SOCKET_PATH_MAX) {
    throw wrong(flag, text, 'short enough for a socket', `take a path of at most ${SOCKET_PATH_MAX} bytes`);
  }
  return text;
};

/** `unix:///path` or `tcp://host:port`. */
export const parseEngine: Parse = (text, previous, flag) => {
  if (text.startsWith('unix://')) {
    parseSocketPath(text.slice('unix://'.length), previous, flag);
    return text;
  }
  if (text.startsWith('tcp://')) {
    address(text.slice('tcp://'.length), flag);
    return text;
  }
  throw wrong(flag, text, "an engine's address", 'write it as unix:///var/run/docker.sock');
};
