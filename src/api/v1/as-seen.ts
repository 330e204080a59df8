import type { BalancerView } from '../../contract/v1/balancers.ts';
import { BerthError } from '../../kit/errors.ts';
import type { Role, User } from '../../model/access.ts';
import type { CertificateRecord } from '../../model/certificate.ts';
import { type ReleaseRecord, releaseKey, type ServiceRecord, serviceKey } from '../../model/deployment.ts';
import type { DnsZone } from '../../model/dns.ts';
import type { OidcProvider } from '../../model/oidc.ts';
import type { RegistryLogin } from '../../model/registry-login.ts';
import { SECRET_ROUTE_FIELDS } from '../../model/route-fields.ts';
import type { Scaling } from '../../model/scaling.ts';
import { replicasOf, scalingOf } from '../../model/service-scale.ts';
import { fieldChanges } from '../../model/stack-diff.ts';
import type { ReadTx } from '../../store/store.ts';

// Two people with the same page before them: the second is told what the first has done, and nothing is written over unseen.
// Each takes undefined for who does not say what was seen.

const HINT = 'look at it again, and do it then if it is still right';

/** @throws BerthError `conflict` where the number of containers is another one by now */
export function refuseOtherNumber(tx: ReadTx, record: ServiceRecord, was: number | undefined): void {
  const now = replicasOf(record);
  if (was === undefined || was === now) return;
  const last = tx.get('scaleHistory', serviceKey(record.stack, record.name))?.changes.at(-1);
  const who = last?.to === now ? `: ${last.by} has set that (${last.why})` : '';
  throw new BerthError(
    'conflict',
    `service ${record.name} is to have ${now} containers by now, not ${was}${who}`,
    {
      hint: HINT,
    },
  );
}

/** @throws BerthError `conflict` where another release is wanted by now */
export function refuseOtherRelease(tx: ReadTx, record: ServiceRecord, seen: number | undefined): void {
  const { stack, name, release } = record;
  if (seen === undefined || seen === release) return;
  const begun = tx.get('releases', releaseKey(stack, name, release));
  const who = begun === undefined ? '' : `: ${begun.by} has begun it (${causeText(begun.cause)})`;
  throw new BerthError('conflict', `service ${name} is at release ${release} by now, not ${seen}${who}`, {
    hint: HINT,
  });
}

/** @throws BerthError `conflict` where the new version has another share of the requests by now */
export function refuseOtherWeight({ number, shift, reason }: ReleaseRecord, was: number | undefined): void {
  if (was === undefined || shift === undefined || was === shift.weight) return;
  throw new BerthError(
    'conflict',
    `${shift.weight} % of the requests go to release ${number} by now, not ${was} %${reason === '' ? '' : ` (${reason})`}`,
    { hint: HINT },
  );
}

/** @throws BerthError `conflict` where the service scales by other rules by now, with what is different */
export function refuseOtherRules(record: ServiceRecord, was: Scaling | null | undefined): void {
  if (was === undefined) return;
  const now = scalingOf(record) ?? null;
  const told = toldChanges(was, now);
  if (told.length === 0) return;
  throw new BerthError(
    'conflict',
    `service ${record.name} scales by other rules by now than those that were seen: ${told.join(', ')}`,
    { hint: HINT },
  );
}

/** What a person has seen of a balancer, as it is listed. */
type SeenBalancer = Readonly<{
  weights: Readonly<Record<string, number>>;
  rules: Readonly<Record<string, string | null>>;
  sticky?: boolean | undefined;
  check?: string | undefined;
}>;

/** @throws BerthError `conflict` where something that was seen of the balancer is another by now, with what is different */
export function refuseOtherBalancer(
  { name, targets, rules, sticky, check }: BalancerView,
  was: SeenBalancer | undefined,
): void {
  if (was === undefined) return;
  const weights = Object.fromEntries(targets.map((target) => [target.name, target.weight]));
  const now = {
    weights: Object.fromEntries(Object.keys(was.weights).map((key) => [key, weights[key] ?? null])),
    rules: Object.fromEntries(Object.keys(was.rules).map((key) => [key, rules[key] ?? null])),
    ...(was.sticky === undefined ? {} : { sticky }),
    ...(was.check === undefined ? {} : { check }),
  };
  refuseOthers(`balancer ${name}`, was, now);
}

/** @throws BerthError `conflict` where the user has another role by now */
export function refuseOtherRole({ name, role }: User, was: Role | undefined): void {
  if (was !== undefined) refuseOthers(`user ${name}`, { role: was }, { role });
}

/** @throws BerthError `conflict` where a setting that was seen of the zone is another by now */
export function refuseOtherZone(zone: DnsZone, was: Partial<DnsZone> | undefined): void {
  if (was === undefined) return;
  const seen = Object.entries(was).filter(([, value]) => value !== undefined);
  const now = Object.fromEntries(seen.map(([field]) => [field, zone[field as keyof DnsZone]]));
  refuseOthers(`zone ${zone.name}`, Object.fromEntries(seen), now);
}

/**
 * @param seen when what was seen had been set; null where nothing was
 * @throws BerthError `conflict` where another log-in by a provider is set by now, with who has set it
 */
export function refuseOtherProvider(now: OidcProvider | undefined, seen: number | null | undefined): void {
  if (seen === undefined || seen === (now?.at ?? null)) return;
  const what = now === undefined ? 'was taken away' : `was set by ${now.by}`;
  throw new BerthError('conflict', `the log-in by a provider ${what} meanwhile`, { hint: HINT });
}

/**
 * @param seen fingerprint of the one that was seen; null where there was none
 * @throws BerthError `conflict` where another one has that name by now, with whose it is and what it is for
 */
export function refuseOtherCertificate(
  name: string,
  now: CertificateRecord | undefined,
  seen: string | null | undefined,
): void {
  if (seen === undefined || seen === (now?.fingerprint ?? null)) return;
  const what =
    now === undefined
      ? 'was taken away'
      : `is of ${now.createdBy} by now, for ${now.domains.join(', ')}, good until ${new Date(now.notAfter).toISOString()}`;
  throw new BerthError('conflict', `certificate ${name} ${what}`, { hint: HINT });
}

/**
 * @param seen when the one that was seen had been made; null where there was none
 * @throws BerthError `conflict` where another log-in of that registry is kept by now, with whose it is
 */
export function refuseOtherLogin(
  registry: string,
  now: RegistryLogin | undefined,
  seen: number | null | undefined,
): void {
  if (seen === undefined || seen === (now?.at ?? null)) return;
  const what =
    now === undefined ? 'was taken away' : `is of ${now.by} by now, as user ${JSON.stringify(now.username)}`;
  throw new BerthError('conflict', `the log-in of ${registry} ${what}`, { hint: HINT });
}

function refuseOthers(what: string, was: object, now: object): void {
  const told = toldChanges(was, now);
  if (told.length === 0) return;
  throw new BerthError('conflict', `${what} is another by now than was seen: ${told.join(', ')}`, {
    hint: HINT,
  });
}

/** `max: 4 -> 5`, for each field that is another one. */
function toldChanges(was: object | null, now: object | null): readonly string[] {
  const text = (value: unknown) => (value === undefined || value === null ? 'none' : JSON.stringify(value));
  return fieldChanges(was, now).map(({ field, before, after }) =>
    SECRET_ROUTE_FIELDS.has(field.replace(/^rules\./, ''))
      ? field
      : `${field || 'rules'}: ${text(before)} -> ${text(after)}`,
  );
}

function causeText(cause: ReleaseRecord['cause']): string {
  return cause.kind === 'rollback' ? `back to ${cause.to}` : cause.kind;
}
