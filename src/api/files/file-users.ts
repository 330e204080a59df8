import { BerthError } from '../../kit/errors.ts';
import type { FileNoun, KeptFile } from '../../model/kept-file.ts';
import type { Service } from '../../model/service.ts';
import { releaseBefore } from '../../store/releases.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import { isLeaving } from '../services/leaving.ts';
import { findFile } from './keep-file.ts';

/** Who has a file: services as `STACK/NAME`, and containers that go on with it though their service has it no more. */
export type FileUsers = Readonly<{ services: readonly string[]; containers: readonly string[] }>;

/** Who has the file of each ID; files that nobody has are not in it. */
export function fileUsers(tx: ReadTx): ReadonlyMap<string, FileUsers> {
  const users = new Map<string, { services: Set<string>; containers: Set<string> }>();
  const of = (id: string) => {
    const known = users.get(id) ?? { services: new Set(), containers: new Set() };
    users.set(id, known);
    return known;
  };
  const served = ({ files }: Service, name: string) => {
    for (const { file } of files) if (file !== undefined) of(file.id).services.add(name);
  };
  for (const record of tx.all('services')) {
    const { stack, name, release } = record;
    served(record.service, `${stack}/${name}`);
    // What a release that may fail goes back to.
    const now = tx.get('releases', `${stack}/${name}/${release}`)?.state;
    const before = now === 'releasing' || now === 'paused' ? releaseBefore(tx, record, release) : undefined;
    if (before !== undefined) served(before.spec, `${stack}/${name}`);
  }
  for (const { name, files, service } of tx.all('containers'))
    for (const { id } of files ?? []) {
      const { services, containers } = of(id);
      if (service === undefined || !services.has(`${service.stack}/${service.name}`)) containers.add(name);
    }
  return new Map(
    [...users].map(([id, { services, containers }]) => [
      id,
      { services: [...services].sort(), containers: [...containers].sort() },
    ]),
  );
}

/** Whether nothing has the file but what is being taken away: services, containers, its stack. */
export function isLeft(tx: ReadTx, id: string): boolean {
  const users = fileUsers(tx).get(id);
  if (users === undefined) return tx.get('stacks', tx.get('keptFiles', id)?.stack ?? '')?.removing === true;
  return users.services.every((key) => {
    const record = tx.get('services', key);
    return record === undefined || isLeaving(tx, record);
  });
}

/**
 * Ends a config or secret, with its content.
 * @throws BerthError `conflict` where something has it, or a stack's file; as `findFile`
 */
export function removeFile(tx: WriteTx, noun: FileNoun, reference: string): KeptFile {
  const file = findFile(tx, noun, reference);
  const { services = [], containers = [] } = fileUsers(tx).get(file.id) ?? {};
  const inUse = (what: string) => `${noun} '${file.name}' is in use by the following ${what}`;
  if (services.length > 0)
    throw new BerthError(
      'conflict',
      inUse(`service${services.length > 1 ? 's' : ''}: ${services.join(', ')}`),
      {
        hint: `take it from ${services.length > 1 ? 'them' : 'it'} first`,
      },
    );
  if (containers.length > 0)
    throw new BerthError(
      'conflict',
      inUse(`containers, which are on their way out: ${containers.join(', ')}`),
      {
        hint: 'try it again in a moment',
      },
    );
  if (file.stack !== undefined && tx.get('stacks', file.stack) !== undefined)
    throw new BerthError('conflict', `${noun} '${file.name}' is of the file of stack ${file.stack}`, {
      hint: `take it out of that file, and deploy it: it goes then`,
    });
  tx.delete('keptFiles', file.id);
  return file;
}
