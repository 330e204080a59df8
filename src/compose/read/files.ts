import { FILE_NAME } from '../../model/kept-file.ts';
import type { MountedFile } from '../../model/service.ts';
import type { StackFile } from '../../model/stack.ts';
import { quoted } from '../problems.ts';
import type { Reader } from '../reader.ts';
import type { Outside } from './environment.ts';

type Kind = MountedFile['kind'];

/** The configs or secrets of a stack, with their content. */
export function stackFiles(section: Reader, kind: Kind, project: string, outside: Outside): StackFile[] {
  return section.entries.map(([key, reader]) => {
    const external = reader.get('external').boolean ?? false;
    const name = reader.get('name').text ?? (external ? key : `${project}_${key}`);
    if (!FILE_NAME.test(name))
      (reader.get('name').isThere ? reader.get('name') : reader).error(
        `${quoted(name)} is no name of a ${kind}: 1 to 128 letters, digits, _ - and ., a letter or digit at either end`,
      );
    return {
      kind: kind === 'config' ? 'stack-config' : 'stack-secret',
      key,
      name,
      labels: reader.get('labels').pairs,
      content: external ? { kind: 'external' } : contentOf(reader, kind, name, outside.contents),
    };
  });
}

type Contents = Outside['contents'];

function contentOf(reader: Reader, kind: Kind, name: string, contents: Contents): StackFile['content'] {
  const path = waysOf(reader).join() === 'file' ? reader.get('file').text : undefined;
  const bytes = path === undefined ? undefined : contents.readBytes?.(path);
  if (bytes === undefined) {
    const id = isGiven(reader, contents) ? undefined : contents.kept?.(kind, name);
    if (id !== undefined) return { kind: 'kept', id };
    return { kind: 'text', text: textOf(reader, contents) ?? '' };
  }
  reader.problems.spend(bytes.length, reader.at, reader.key);
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { kind: 'base64', data: Buffer.from(bytes).toString('base64') };
  }
}

function waysOf(reader: Reader): string[] {
  return ['file', 'environment', 'content'].filter((key) => reader.get(key).isThere);
}

/** False where only its file, or its variable, is missing. */
function isGiven(reader: Reader, { read, lookup }: Contents): boolean {
  switch (waysOf(reader).join()) {
    case 'file':
      return read(reader.get('file').text ?? '') !== undefined;
    case 'environment':
      return lookup(reader.get('environment').text ?? '') !== undefined;
    default:
      return true;
  }
}

function textOf(reader: Reader, { read, lookup }: Contents): string | undefined {
  const ways = waysOf(reader);
  if (ways.length !== 1)
    return reader.error(
      ways.length === 0
        ? 'has no content: write file, environment, content (of configs), or external: true'
        : `has ${ways.join(' and ')}: only one of them is possible`,
    );
  const content = reader.get('content').text;
  if (content !== undefined) return content;
  const variable = reader.get('environment');
  if (variable.text !== undefined)
    return lookup(variable.text) ?? variable.error(`the variable ${quoted(variable.text)} is not set`);
  const path = reader.get('file').text ?? '';
  return read(path) ?? reader.get('file').error(`there is no file ${quoted(path)} that can be read`);
}

/** Where the configs or secrets of a service are in its containers. */
export function filesOf(service: Reader, kind: Kind, known: ReadonlySet<string>): MountedFile[] {
  const section = kind === 'config' ? 'configs' : 'secrets';
  return service.get(section).items.flatMap((item): MountedFile[] => {
    const source = item.get('source').text ?? '';
    if (!known.has(source)) {
      item.error(`uses ${quoted(source)}, which is not under ${section}: declare it there`);
      return [];
    }
    const target = item.get('target').text;
    const path = kind === 'config' ? (target ?? `/${source}`) : absolute(target ?? source);
    if (!path.startsWith('/') || /[\0\n]/.test(path) || path.split('/').includes('..'))
      item.error(`has the target ${quoted(path)}: it must be an absolute path without ..`);
    const id = (key: string) => {
      const text = item.get(key).text ?? '0';
      if (!/^\d{1,10}$/.test(text)) item.get(key).error(`is ${quoted(text)}, and must be a number`);
      return text;
    };
    return [
      { kind, source, target: path, uid: id('uid'), gid: id('gid'), mode: item.get('mode').mode ?? 0o444 },
    ];
  });
}

function absolute(target: string): string {
  return target.startsWith('/') ? target : `/run/secrets/${target}`;
}
