import type { FileView } from '../../contract/v1/files.ts';
import { roleAllows } from '../../model/access.ts';
import { type KeptFile, purposeOf } from '../../model/kept-file.ts';
import { type FileUsers, fileUsers, removeFile } from '../files/file-users.ts';
import { createFile, findFile, liveFiles } from '../files/keep-file.ts';
import { shownFields } from '../hidden-values.ts';
import { resealAll } from '../vault/vault-care.ts';
import type { Handlers } from './handler.ts';

export const fileHandlers: Handlers<`file.${'list' | 'get' | 'create' | 'remove'}` | 'vault.rotate'> = {
  'file.list': ({ deps, params, principal }) =>
    deps.store.view((tx) => {
      const users = fileUsers(tx);
      const files = liveFiles(tx, params.noun).map((file) => viewOf(file, users));
      return shownFields({ files }, principal.role);
    }),

  'file.get': ({ deps, params, principal }) =>
    deps.store.view((tx) => {
      const file = findFile(tx, params.noun, params.file);
      const shown = file.noun === 'config' && roleAllows(principal.role, 'operator');
      const content = () => deps.vault.vault.open(file.sealed, purposeOf(file)).toString('base64');
      return {
        ...shownFields(viewOf(file, fileUsers(tx)), principal.role),
        ...(shown ? { content: content() } : {}),
      };
    }),

  'file.create': async ({ deps, params: { noun }, body, principal, about }) => {
    const { name, labels } = body;
    about(`${noun} ${name}`);
    const content = Buffer.from(body.content, 'base64');
    const by = { by: principal.user, at: deps.clock.now() };
    const file = await deps.store.update((tx) =>
      createFile(tx, deps.vault.vault, { noun, name, content, labels, ...by }),
    );
    return viewOf(file, new Map());
  },

  'file.remove': async ({ deps, params: { noun, file }, about }) => {
    about(`${noun} ${file}`);
    await deps.store.update((tx) => removeFile(tx, noun, file));
    return {};
  },

  'vault.rotate': async ({ deps }) => {
    await deps.vault.rotate(deps.clock.now());
    await resealAll(deps.store, deps.vault.vault);
    return {};
  },
};

function viewOf(file: KeptFile, users: ReadonlyMap<string, FileUsers>): FileView {
  const { id, name, labels, size, createdAt, updatedAt, createdBy, stack = '' } = file;
  const { services = [], containers = [] } = users.get(id) ?? {};
  return {
    ...{ id, name, labels: { ...labels }, size, createdAt, updatedAt, createdBy, stack },
    ...{ services: [...services], containers: [...containers] },
  };
}
