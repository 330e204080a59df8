import { routes } from '../../../../src/contract/v1/routes.ts';
import { shellWord } from '../../parts/format.ts';

type Server = Readonly<{ address: string; port: number }>;
export type ZoneSettings = Readonly<{
  nameservers: readonly string[];
  contact: string;
  ttl: number;
  transfer: readonly string[];
  notify: readonly Server[];
}>;
/** As it is typed: lists with spaces or commas between. */
export type ZoneText = Readonly<Record<keyof ZoneSettings, string>>;
type ZoneInput = {
  nameservers?: string[];
  contact?: string;
  ttl?: number;
  transfer?: string[];
  notify?: { address: string; port: number }[];
};

export const ZONE_FIELDS = ['nameservers', 'contact', 'ttl', 'transfer', 'notify'] as const;
export const NO_ZONE_TEXT: ZoneText = { nameservers: '', contact: '', ttl: '', transfer: '', notify: '' };
const DNS_PORT = 53;

export function zoneText({ nameservers, contact, ttl, transfer, notify }: ZoneSettings): ZoneText {
  return {
    ...{ contact, ttl: String(ttl) },
    nameservers: nameservers.join(' '),
    transfer: transfer.join(' '),
    notify: notify.map(serverText).join(' '),
  };
}

/** What is sent of a form: the fields that are other ones than before. */
export function zoneInput(text: ZoneText, before: ZoneText): ZoneInput {
  const isOther = (field: keyof ZoneText) =>
    wordsIn(text[field]).join(' ') !== wordsIn(before[field]).join(' ');
  return {
    ...(isOther('nameservers') ? { nameservers: wordsIn(text.nameservers) } : {}),
    ...(isOther('contact') ? { contact: text.contact.trim() } : {}),
    ...(isOther('ttl') ? { ttl: Number(text.ttl.trim() || Number.NaN) } : {}),
    ...(isOther('transfer') ? { transfer: wordsIn(text.transfer) } : {}),
    ...(isOther('notify') ? { notify: wordsIn(text.notify).map(serverOf) } : {}),
  };
}

/** What the contract says against each field. @param missing of one that cannot be without */
export function zoneProblems(input: ZoneInput, missing: string): Partial<ZoneText> {
  const problems: { -readonly [field in keyof ZoneText]?: string } = {};
  const { error } = routes['dns.zone.change'].body.safeParse(input);
  for (const { path, message } of error?.issues ?? []) {
    const field = ZONE_FIELDS.find((one) => one === path[0]);
    if (field === undefined || problems[field] !== undefined) continue;
    const value = input[field];
    const isEmpty = value === '' || (Array.isArray(value) && value.length === 0) || Number.isNaN(value);
    problems[field] = isEmpty ? missing : message;
  }
  return problems;
}

/** Flags of `berth dns zone add` and `set`; undefined where they cannot say it, as a list is to be empty. */
export function zoneFlags({ nameservers, contact, ttl, transfer, notify }: ZoneInput): string | undefined {
  if (transfer?.length === 0 || notify?.length === 0) return undefined;
  const flags = [
    ...(nameservers ?? []).map((one) => ['--ns', one]),
    ...(contact === undefined ? [] : [['--contact', contact]]),
    ...(ttl === undefined ? [] : [['--ttl', String(ttl)]]),
    ...(transfer ?? []).map((one) => ['--transfer', one]),
    ...(notify ?? []).map((one) => ['--notify', serverText(one)]),
  ];
  return flags.map(([flag, value = '']) => ` ${flag} ${shellWord(value)}`).join('');
}

export function wordsIn(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

function serverText({ address, port }: Server): string {
  if (port === DNS_PORT) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53` or `[2001:db8::53]:5353`. */
function serverOf(text: string): Server {
  const [, address, port] = /^\[(.+)\]:(\d+)$/.exec(text) ?? /^([^:]+):(\d+)$/.exec(text) ?? [];
  return address === undefined ? { address: text, port: DNS_PORT } : { address, port: Number(port) };
}
