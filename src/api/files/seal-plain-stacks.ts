import type { Vault } from '../../kit/vault.ts';
import type { StackRecord } from '../../model/deployment.ts';
import type { FileNoun } from '../../model/kept-file.ts';
import type { StackFile } from '../../model/stack.ts';
import type { WriteTx } from '../../store/store.ts';
import { fileNamed, sealedFile } from './keep-file.ts';
import { bytesOf, type PlainContent } from './stack-files.ts';

type PlainFile = StackFile & Readonly<{ content: PlainContent }>;

/**
 * Seals contents of configs and secrets that an earlier version has left in stacks as they were in their files. Services are
 * left alone: their containers were made without these files, and the next deployment releases them with them.
 * @returns the stacks' names
 */
export function sealPlainStacks(tx: WriteTx, vault: Vault): readonly string[] {
  const plain = [...tx.all('stacks')].filter(({ stack }) =>
    [...stack.configs, ...stack.secrets].some(isPlain),
  );
  for (const record of plain) {
    const { configs, secrets } = record.stack;
    const sealed = (noun: FileNoun) => (file: StackFile) =>
      isPlain(file) ? sealOne(tx, vault, record, noun, file) : file;
    const stack = {
      ...record.stack,
      configs: configs.map(sealed('config')),
      secrets: secrets.map(sealed('secret')),
    };
    tx.put('stacks', { ...record, stack });
  }
  return plain.map(({ name }) => name);
}

function isPlain(file: StackFile): file is PlainFile {
  return file.content.kind === 'text' || file.content.kind === 'base64';
}

function sealOne(
  tx: WriteTx,
  vault: Vault,
  { name: stack, by, at }: StackRecord,
  noun: FileNoun,
  file: PlainFile,
): StackFile {
  const { name, labels } = file;
  const made = sealedFile(vault, { noun, name, content: bytesOf(file.content), labels, by, at, stack });
  // A name that somebody else has now is refused by the next deployment: until then nothing has the file.
  if (fileNamed(tx, noun, name) === undefined && tx.get('keptFiles', made.id) === undefined)
    tx.put('keptFiles', made);
  return { ...file, content: { kind: 'kept', id: made.id } };
}
