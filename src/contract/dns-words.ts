import { BerthError } from '../kit/errors.ts';
import type { DnsCheck, DnsData } from '../model/dns.ts';

/** What stands behind each type on the command line, as in a zone file. */
const FORMS: Readonly<Record<DnsData['type'], string>> = {
  A: 'ADDRESS',
  AAAA: 'ADDRESS',
  CNAME: 'NAME',
  TXT: 'TEXT',
  SRV: 'PRIORITY WEIGHT PORT NAME',
  MX: 'PREFERENCE NAME',
};
export const RECORD_TYPES = Object.keys(FORMS) as DnsData['type'][];

/** @throws BerthError `bad_request` where there are too few or too many words; what they say is the manager's to check */
export function recordData(type: DnsData['type'], words: readonly string[]): DnsData {
  const form = FORMS[type].split(' ');
  if (words.length !== form.length)
    throw new BerthError('bad_request', `a ${type} record is ${FORMS[type]}, and not "${words.join(' ')}"`, {
      hint: type === 'TXT' ? 'put quotation marks around the text' : 'give exactly these',
    });
  const [first = '', second = '', third = '', fourth = ''] = words;
  switch (type) {
    case 'A':
    case 'AAAA':
      return { type, address: first };
    case 'CNAME':
      return { type, target: first };
    case 'TXT':
      return { type, text: first };
    case 'SRV':
      return { type, priority: Number(first), weight: Number(second), port: Number(third), target: fourth };
    case 'MX':
      return { type, preference: Number(first), exchange: second };
  }
}

/** As in a zone file. */
export function dataText(data: DnsData): string {
  switch (data.type) {
    case 'A':
    case 'AAAA':
      return data.address;
    case 'CNAME':
      return data.target;
    case 'TXT':
      return JSON.stringify(data.text);
    case 'SRV':
      return `${data.priority} ${data.weight} ${data.port} ${data.target}`;
    case 'MX':
      return `${data.preference} ${data.exchange}`;
  }
}

/** `tcp:443`, `http:80/healthz`. @throws BerthError `bad_request` */
export function parseDnsCheck(text: string, _: unknown, flag: string): DnsCheck {
  const [, kind, port = '', path = ''] = /^(tcp|http):(\d{1,5})(\/.*)?$/.exec(text) ?? [];
  if (kind === 'tcp' && path === '') return { kind, port: Number(port) };
  if (kind === 'http') return { kind, port: Number(port), path: path === '' ? '/' : path };
  throw new BerthError('bad_request', `${flag}: "${text}" is not a check`, {
    hint: 'write it as tcp:443 or http:80/healthz',
  });
}

export function checkText(check: DnsCheck | undefined): string {
  if (check === undefined) return '';
  return check.kind === 'tcp' ? `tcp:${check.port}` : `http:${check.port}${check.path}`;
}
