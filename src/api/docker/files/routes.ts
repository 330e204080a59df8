import { z } from 'zod';
import { BerthError } from '../../../kit/errors.ts';
import { roleAllows } from '../../../model/access.ts';
import { type FileNoun, type KeptFile, purposeOf } from '../../../model/kept-file.ts';
import { isLeft, removeFile } from '../../files/file-users.ts';
import { createFile, findFile, liveFiles } from '../../files/keep-file.ts';
import { LEAVE_MS } from '../../services/leaving.ts';
import { setAuditTarget } from '../audit.ts';
import type { DockerCall, DockerRoute } from '../call.ts';
import { checked, readJson, sendJson, sendNothing, sendShown } from '../json.ts';
import { filtersOf, integer, labelsMatch } from '../query.ts';
import { LABEL_NAMESPACE } from '../services/names.ts';
import { outOfSequence } from '../services/nodes.ts';
import { until } from '../until.ts';
import { dockerFileView } from './file-view.ts';

const specSchema = z.looseObject({
  Name: z.string().default(''),
  Labels: z.record(z.string(), z.string()).nullish(),
  /** What is sent is not repeated in an error, so this is checked by hand. */
  Data: z.unknown().optional(),
  Driver: z.unknown().optional(),
  Templating: z.unknown().optional(),
});
type Spec = z.infer<typeof specSchema>;

/** `POST /secrets/create`, `/configs/create`. */
function create(noun: FileNoun): DockerRoute['handle'] {
  return async (call) => {
    const { deps, principal, res } = call;
    const spec = checked(specSchema, (await readJson(call.req)) ?? {});
    setAuditTarget(call, spec.Name);
    const content = dataOf(noun, spec);
    const made = await deps.store.update((tx) =>
      createFile(tx, deps.vault, {
        ...{ noun, name: spec.Name, content, labels: spec.Labels ?? {} },
        ...{ by: principal.user, at: deps.clock.now() },
      }),
    );
    sendJson(res, 201, { ID: made.id });
  };
}

/** @throws BerthError `bad_request`, without what was sent */
function dataOf(noun: FileNoun, { Data, Driver, Templating }: Spec): Buffer {
  if (!isAbsent(Driver) || !isAbsent(Templating))
    throw new BerthError(
      'unsupported',
      `a ${noun} has no ${isAbsent(Driver) ? 'templating' : 'driver'} here`,
      {
        hint: `the cluster keeps ${noun}s itself, as they are: leave it out`,
      },
    );
  if (Data === undefined || Data === null) return Buffer.alloc(0);
  if (typeof Data !== 'string' || !z.base64().safeParse(Data).success)
    throw new BerthError('bad_request', `invalid Data: the content of a ${noun} is to be in base64`);
  return Buffer.from(Data, 'base64');
}

const isAbsent = (value: unknown) =>
  value === undefined ||
  value === null ||
  (typeof value === 'object' && Object.values(value).every((inner) => inner === '' || inner === null));

/** `GET /secrets`, `/configs`. */
function list(noun: FileNoun): DockerRoute['handle'] {
  return async (call) => {
    const filters = filtersOf(call.query, ['id', 'name', 'names', 'label']);
    const begins = (name: string, text: string) =>
      filters.get(name)?.some((value) => text.startsWith(value)) ?? true;
    const files = call.deps.store.view((tx) => liveFiles(tx, noun));
    const views = files
      .filter(
        (file) =>
          begins('id', file.id) &&
          begins('name', file.name) &&
          (filters.get('names')?.includes(file.name) ?? true) &&
          labelsMatch(labelsOf(file), filters.get('label') ?? []),
      )
      .map((file) => dockerFileView(file, contentFor(call, file)));
    sendShown(call, views);
  };
}

function labelsOf(file: KeptFile): Record<string, string> {
  return (dockerFileView(file).Spec as { Labels: Record<string, string> }).Labels;
}

/** `GET /secrets/<id>`, `/configs/<id>`. */
function inspect(noun: FileNoun): DockerRoute['handle'] {
  return async (call) => {
    const file = call.deps.store.view((tx) => findFile(tx, noun, call.params.id ?? ''));
    sendShown(call, dockerFileView(file, contentFor(call, file)));
  };
}

/** Of a config, and as with the values of an environment to those who may change things: nobody is shown a secret's. */
function contentFor({ deps, principal }: DockerCall, file: KeptFile): string | undefined {
  if (file.noun === 'secret' || !roleAllows(principal.role, 'operator')) return undefined;
  return deps.vault.open(file.sealed, purposeOf(file)).toString('base64');
}

/** `POST /secrets/<id>/update`, `/configs/<id>/update`: labels alone, as in Docker. */
function update(noun: FileNoun): DockerRoute['handle'] {
  return async (call) => {
    const { deps, params, query, req, res } = call;
    const version = integer(query, 'version');
    const spec = checked(specSchema, (await readJson(req)) ?? {});
    await deps.store.update((tx) => {
      const file = findFile(tx, noun, params.id ?? '');
      setAuditTarget(call, file.name);
      if (version !== file.version) throw outOfSequence(`${noun} ${file.name}`);
      const renamed = spec.Name !== '' && spec.Name !== file.name;
      const data = isAbsent(spec.Data) ? undefined : dataOf(noun, spec);
      const other = data !== undefined && !data.equals(deps.vault.open(file.sealed, purposeOf(file)));
      if (renamed || other)
        throw new BerthError(
          'bad_request',
          `only updates to Labels are allowed: ${noun} ${file.name} stays as it is`,
          {
            hint: `make another ${noun}, and give that to the services`,
          },
        );
      const { [LABEL_NAMESPACE]: namespace, ...others } = spec.Labels ?? {};
      // Of one that a stack's file has made it is only shown; `docker stack` finds its own by it.
      const isOwn = namespace !== undefined && file.stack === undefined;
      const labels = isOwn ? { ...others, [LABEL_NAMESPACE]: namespace } : others;
      tx.put('keptFiles', { ...file, labels, version: file.version + 1, updatedAt: deps.clock.now() });
    });
    sendNothing(res, 200);
  };
}

/** `DELETE /secrets/<id>`, `/configs/<id>`. */
function remove(noun: FileNoun): DockerRoute['handle'] {
  return async (call) => {
    const { store } = call.deps;
    const { id, name } = store.view((tx) => findFile(tx, noun, call.params.id ?? ''));
    setAuditTarget(call, name);
    await until(store, LEAVE_MS, (tx) => !isLeft(tx, id));
    await store.update((tx) => {
      // Those of a stack's file go with it.
      if (tx.get('keptFiles', id) !== undefined) removeFile(tx, noun, id);
    });
    sendNothing(call.res, 204);
  };
}

function routesOf(noun: FileNoun): readonly DockerRoute[] {
  const path = `/${noun}s`;
  return [
    { method: 'GET', pattern: path, role: 'viewer', handle: list(noun) },
    {
      ...{ method: 'POST', pattern: `${path}/create`, role: 'operator' },
      ...{ action: `${noun}.create`, handle: create(noun) },
    },
    { method: 'GET', pattern: `${path}/:id`, role: 'viewer', handle: inspect(noun) },
    {
      ...{ method: 'POST', pattern: `${path}/:id/update`, role: 'operator' },
      ...{ action: `${noun}.update`, handle: update(noun) },
    },
    {
      ...{ method: 'DELETE', pattern: `${path}/:id`, role: 'operator' },
      ...{ action: `${noun}.remove`, handle: remove(noun) },
    },
  ];
}

/** Configs and secrets, which the cluster keeps for services. */
export const FILE_ROUTES: readonly DockerRoute[] = [...routesOf('config'), ...routesOf('secret')];
