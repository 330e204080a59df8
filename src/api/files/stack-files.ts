import { BerthError } from '../../kit/errors.ts';
import type { Vault } from '../../kit/vault.ts';
import type { FileNoun, KeptFile } from '../../model/kept-file.ts';
import type { Stack, StackFile } from '../../model/stack.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import { checkFile, fileId, fileNamed, sealedFile } from './keep-file.ts';

export type Author = Readonly<{ by: string; at: number }>;

/**
 * The stack as it is written down: in place of the content of its configs and secrets there is the ID of the file that the
 * cluster keeps, also beside each service that has it.
 * @throws BerthError `conflict` where somebody else's file has the name; `not_found` for an external one that is not there;
 *   `bad_request`, `too_large`; never with a content
 */
export function keptStack(tx: ReadTx, vault: Vault, stack: Stack): Stack {
  const ids = new Map<string, Readonly<{ id: string; name: string }>>();
  const kept =
    (noun: FileNoun) =>
    (file: StackFile): StackFile => {
      const id = idOf(tx, vault, stack.name, noun, file);
      ids.set(`${noun}/${file.key}`, { id, name: file.name });
      return file.content.kind === 'external' ? file : { ...file, content: { kind: 'kept', id } };
    };
  const configs = stack.configs.map(kept('config'));
  const secrets = stack.secrets.map(kept('secret'));
  const services = stack.services.map((service) => ({
    ...service,
    files: service.files.map(({ file: _, ...mounted }) => {
      const file = ids.get(`${mounted.kind}/${mounted.source}`);
      if (file !== undefined) return { ...mounted, file };
      throw new BerthError(
        'bad_request',
        `service ${service.name}: ${mounted.kind} "${mounted.source.slice(0, 80)}" is not in the stack`,
      );
    }),
  }));
  return { ...stack, configs, secrets, services };
}

function idOf(
  tx: ReadTx,
  vault: Vault,
  stack: string,
  noun: FileNoun,
  { key, name, content }: StackFile,
): string {
  const known = fileNamed(tx, noun, name);
  switch (content.kind) {
    case 'external':
      if (known !== undefined) return known.id;
      throw new BerthError('not_found', `external ${noun} ${name} is not there`, {
        hint: `make it with "berth ${noun} create ${name} FILE", or take external from ${noun}s.${key}`,
      });
    case 'kept':
      // As the cluster itself shows a stack: the same is meant.
      if (known?.id === content.id && known.stack === stack) return known.id;
      throw new BerthError('bad_request', `${noun} ${key}: its content is missing`, {
        hint: 'deploy the compose files again, with the files that they name',
      });
    case 'text':
    case 'base64': {
      if (known !== undefined && known.stack !== stack)
        throw new BerthError(
          'conflict',
          `${noun} ${name} is there already, ${known.stack === undefined ? `made by ${known.createdBy}` : `of stack ${known.stack}`}`,
          { hint: `give ${noun}s.${key} another name, or write external: true` },
        );
      const file = { noun, name, content: bytesOf(content) };
      checkFile(file);
      return fileId(vault, file);
    }
  }
}

/** A content as it was in a file. */
export type PlainContent = StackFile['content'] & Readonly<{ kind: 'text' | 'base64' }>;

export function bytesOf(content: PlainContent): Buffer {
  return content.kind === 'text' ? Buffer.from(content.text) : Buffer.from(content.data, 'base64');
}

/** Keeps what the stack brings with it; what it had until now and has no more stays only while something needs it. */
export function putStackFiles(tx: WriteTx, vault: Vault, stack: Stack, { by, at }: Author): void {
  const wanted = new Set<string>();
  for (const [noun, files] of [
    ['config', stack.configs],
    ['secret', stack.secrets],
  ] as const)
    for (const { name, labels, content } of files) {
      if (content.kind === 'external' || content.kind === 'kept') {
        if (content.kind === 'kept') wanted.add(content.id);
        continue;
      }
      const made = sealedFile(vault, {
        noun,
        name,
        content: bytesOf(content),
        labels,
        by,
        at,
        stack: stack.name,
      });
      wanted.add(made.id);
      const before = fileNamed(tx, noun, name);
      if (before !== undefined && before.id !== made.id) supersede(tx, before);
      const known = tx.get('keptFiles', made.id);
      if (known === undefined || known.stack !== stack.name) tx.put('keptFiles', made);
      else if (known.superseded === true || JSON.stringify(known.labels) !== JSON.stringify(labels)) {
        const { superseded: _, ...live } = known;
        tx.put('keptFiles', { ...live, labels, version: known.version + 1, updatedAt: at });
      }
    }
  for (const file of [...tx.by('keptFiles', 'stack', stack.name)])
    if (!wanted.has(file.id)) supersede(tx, file);
}

function supersede(tx: WriteTx, file: KeptFile): void {
  if (file.superseded !== true) tx.put('keptFiles', { ...file, superseded: true });
}
