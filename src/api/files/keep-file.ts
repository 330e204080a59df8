import { BerthError } from '../../kit/errors.ts';
import type { Vault } from '../../kit/vault.ts';
import {
  FILE_NAME,
  type FileNoun,
  fileNameKey,
  type KeptFile,
  MOST_BYTES,
  purposeOf,
} from '../../model/kept-file.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';

export type NewFile = Readonly<{
  noun: FileNoun;
  name: string;
  content: Uint8Array;
  labels: Readonly<Record<string, string>>;
  by: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** The stack whose file it is from. */
  stack?: string;
}>;

/** The record of such a file, with its content sealed. */
export function sealedFile(vault: Vault, file: NewFile): KeptFile {
  const { noun, name, content, labels, by, at, stack } = file;
  const id = fileId(vault, file);
  return {
    ...{ kind: 'kept-file', noun, id, name, labels, size: content.length },
    sealed: vault.seal(content, purposeOf({ id })),
    ...{ createdAt: at, updatedAt: at, createdBy: by, version: 1 },
    ...(stack === undefined ? {} : { stack }),
  };
}

/** The same for the same noun, name and content: so nothing is released where nothing has changed. */
export function fileId(
  vault: Vault,
  { noun, name, content }: Pick<NewFile, 'noun' | 'name' | 'content'>,
): string {
  return vault.fingerprint(noun, name, content);
}

/** @throws BerthError `bad_request`, `too_large`; never with the content */
export function checkFile({ noun, name, content }: Pick<NewFile, 'noun' | 'name' | 'content'>): void {
  if (!FILE_NAME.test(name))
    throw new BerthError('bad_request', `invalid ${noun} name "${name.slice(0, 80)}"`, {
      hint: 'write 1 to 128 letters, digits, _, - and ., and begin and end with a letter or digit',
    });
  const most = MOST_BYTES[noun];
  if (content.length > most)
    throw new BerthError(
      'too_large',
      `${noun} ${name} has ${content.length} bytes, and may have ${most} at most`,
      { hint: 'put large files into a volume, or into the image' },
    );
}

/**
 * Keeps a config or secret that somebody makes by name.
 * @throws BerthError `conflict` where the name is in use; as `checkFile`
 */
export function createFile(tx: WriteTx, vault: Vault, file: NewFile): KeptFile {
  checkFile(file);
  const { noun, name } = file;
  const known = fileNamed(tx, noun, name);
  if (known !== undefined)
    throw new BerthError(
      'conflict',
      `${noun} ${name} already exists${known.stack ? `, of stack ${known.stack}` : ''}`,
      {
        hint: `its content cannot be changed: make another one, or remove it first ("berth ${noun} rm ${name}")`,
      },
    );
  const record = sealedFile(vault, file);
  tx.put('keptFiles', record);
  return record;
}

/** Undefined where there is none of that name. */
export function fileNamed(tx: ReadTx, noun: FileNoun, name: string): KeptFile | undefined {
  const [found] = tx.by('keptFiles', 'name', fileNameKey(noun, name));
  return found;
}

/** All of that noun that are not superseded, by name. */
export function liveFiles(tx: ReadTx, noun: FileNoun): readonly KeptFile[] {
  return [...tx.all('keptFiles')]
    .filter((file) => file.noun === noun && file.superseded !== true)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The file of that name, ID, or unique beginning of an ID.
 * @throws BerthError `not_found` in Docker's words; `bad_request` where several fit
 */
export function findFile(tx: ReadTx, noun: FileNoun, reference: string): KeptFile {
  const named = fileNamed(tx, noun, reference);
  if (named !== undefined) return named;
  const begun = /^[0-9a-z]{1,25}$/.test(reference)
    ? liveFiles(tx, noun).filter(({ id }) => id.startsWith(reference))
    : [];
  const [first] = begun;
  if (first === undefined)
    throw new BerthError('not_found', `${noun} ${reference.slice(0, 128)} not found`, {
      hint: `"berth ${noun} ls" lists them`,
    });
  if (begun.length > 1)
    throw new BerthError('bad_request', `${noun} ${reference} is ambiguous (${begun.length} matches found)`);
  return first;
}
