import { accountPurpose, orderPurpose } from '../../model/acme.ts';
import { certificatePurpose } from '../../model/certificate.ts';
import { purposeOf } from '../../model/kept-file.ts';
import { OIDC_PURPOSE, REFRESH_PURPOSE } from '../../model/oidc.ts';
import { loginPurpose } from '../../model/registry-login.ts';
import { sourcePurpose } from '../../model/stack-source.ts';
import type { ReadTx, TableName, Tables, WriteTx } from '../../store/store.ts';
import { TABLES } from '../../store/tables.ts';

/** Gives the text that is to stand in place of a sealed one. */
export type Reseal = (sealed: string, purpose: string) => string;

/** A table whose records have sealed texts in them. */
type SealedTable = Readonly<{
  /** The records, each with what it is called. */
  records(tx: ReadTx): Iterable<Readonly<{ name: string; map(reseal: Reseal): unknown }>>;
  /** Writes those anew of which `reseal` gives another text. */
  reseal(tx: WriteTx, reseal: Reseal): void;
  /** Deletes those for which `isLost` says so. */
  drop(tx: WriteTx, isLost: (map: (reseal: Reseal) => unknown) => boolean): void;
}>;

/**
 * @param name what a record is, to a person
 * @param map the record with each sealed text of it given to `reseal`
 */
function sealedTable<T extends TableName>(
  table: T,
  name: (record: Tables[T]) => string,
  map: (record: Tables[T], reseal: Reseal) => Tables[T],
): SealedTable {
  return {
    *records(tx) {
      for (const record of tx.all(table)) yield { name: name(record), map: (reseal) => map(record, reseal) };
    },
    reseal(tx, reseal) {
      for (const record of [...tx.all(table)]) {
        let changed = false;
        const after = map(record, (sealed, purpose) => {
          const text = reseal(sealed, purpose);
          changed ||= text !== sealed;
          return text;
        });
        if (changed) tx.put(table, after);
      }
    },
    drop(tx, isLost) {
      for (const record of [...tx.all(table)])
        if (isLost((reseal) => map(record, reseal))) tx.delete(table, TABLES[table].key(record));
    },
  };
}

/** Every place where the store has something sealed: a new one is one entry here. */
export const SEALED_TABLES: readonly SealedTable[] = [
  sealedTable(
    'keptFiles',
    ({ noun, name }) => `${noun} ${name}`,
    (record, reseal) => ({ ...record, sealed: reseal(record.sealed, purposeOf(record)) }),
  ),
  sealedTable(
    'stackSources',
    ({ stack }) => `source of stack ${stack}`,
    (record, reseal) => ({ ...record, sealed: reseal(record.sealed, sourcePurpose(record)) }),
  ),
  sealedTable(
    'registryLogins',
    ({ registry, service }) =>
      service === undefined ? `log-in of ${registry}` : `log-in of ${registry} for ${service}`,
    (record, reseal) => ({ ...record, sealed: reseal(record.sealed, loginPurpose(record)) }),
  ),
  sealedTable(
    'oidcProviders',
    ({ settings }) => `log-in by ${settings.issuer}`,
    ({ sealed, ...record }, reseal) =>
      sealed === undefined ? record : { ...record, sealed: reseal(sealed, OIDC_PURPOSE) },
  ),
  sealedTable(
    'apiTokens',
    ({ user }) => `a log-in of ${user}`,
    ({ provider, ...record }, reseal) =>
      provider === undefined
        ? record
        : { ...record, provider: { ...provider, sealed: reseal(provider.sealed, REFRESH_PURPOSE) } },
  ),
  sealedTable(
    'certificates',
    ({ name }) => `certificate ${name}`,
    (record, reseal) => ({ ...record, sealed: reseal(record.sealed, certificatePurpose(record)) }),
  ),
  sealedTable(
    'acmeAccounts',
    ({ directory }) => `account at ${directory}`,
    (record, reseal) => ({ ...record, sealed: reseal(record.sealed, accountPurpose(record)) }),
  ),
  sealedTable(
    'acmeCertificates',
    ({ name }) => `order of certificate ${name}`,
    ({ order, ...record }, reseal) =>
      order === undefined
        ? record
        : { ...record, order: { ...order, sealed: reseal(order.sealed, orderPurpose(record)) } },
  ),
];
