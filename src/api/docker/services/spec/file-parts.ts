import { z } from 'zod';
import { BerthError } from '../../../../kit/errors.ts';
import { type FileNoun, placeSchema } from '../../../../model/kept-file.ts';
import type { MountedFile } from '../../../../model/service.ts';
import type { Part } from './part.ts';

const SPEC = 'TaskTemplate.ContainerSpec';
/** Where Docker puts secrets whose target is no path. */
const SECRETS = '/run/secrets/';
const WORDS = { config: 'Config', secret: 'Secret' } as const;

const listSchema = z.array(
  z.looseObject({
    File: z
      .looseObject({
        Name: z.string().default(''),
        UID: z.string().default('0'),
        GID: z.string().default('0'),
        Mode: z.number().default(0o444),
      })
      .nullish(),
  }),
);

/** Configs or secrets; whether they are there is for whoever knows the cluster to say. */
function filesPart(noun: FileNoun): Part {
  const word = WORDS[noun];
  const path = `${SPEC}.${word}s`;
  return {
    path,
    read: ({ files }) => {
      const own = files.filter(({ kind }) => kind === noun);
      if (own.length === 0) return undefined;
      return own.map(({ file, source, target, uid, gid, mode }) => ({
        File: { Name: shortTarget(noun, target), UID: uid, GID: gid, Mode: mode },
        [`${word}ID`]: file?.id ?? '',
        [`${word}Name`]: file?.name ?? source,
      }));
    },
    write: (service, value) => {
      const given = value === undefined ? [] : value;
      const list = listSchema.safeParse(given);
      if (!list.success) throw invalid(path, list.error.issues[0]?.message);
      const made = list.data.map((one): MountedFile => {
        const id = textOf(one[`${word}ID`]);
        const name = textOf(one[`${word}Name`]);
        if (one.File === undefined || one.File === null)
          throw invalid(path, `${noun} ${name} has no File: Berth puts it into a file only`);
        const { Name, UID: uid, GID: gid, Mode: mode } = one.File;
        const target = wholeTarget(noun, Name === '' ? name : Name);
        const place = placeSchema.safeParse({ target, uid, gid, mode });
        if (!place.success)
          throw invalid(
            path,
            `${noun} ${name}: ${place.error.issues[0]?.path.join('.')}: ${place.error.issues[0]?.message}`,
          );
        return { kind: noun, source: name, ...place.data, file: { id, name } };
      });
      return { ...service, files: [...service.files.filter(({ kind }) => kind !== noun), ...made] };
    },
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function wholeTarget(noun: FileNoun, name: string): string {
  if (name.startsWith('/')) return name;
  return noun === 'secret' ? `${SECRETS}${name}` : `/${name}`;
}

/** As it was written: `wholeTarget` of it is the target. */
function shortTarget(noun: FileNoun, target: string): string {
  const base = noun === 'secret' ? SECRETS : '/';
  const rest = target.startsWith(base) ? target.slice(base.length) : '';
  return noun === 'secret' && rest !== '' ? rest : target;
}

function invalid(path: string, what = 'not accepted'): BerthError {
  return new BerthError('bad_request', `invalid ${path}: ${what}`);
}

export const FILE_PARTS: readonly Part[] = [filesPart('config'), filesPart('secret')];
