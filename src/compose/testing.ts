import { ComposeError, type ReadStack, readStack, type StackInput } from './index.ts';
import { problemText } from './problems.ts';

/** Reads `/p/compose.yml` of these files, by their paths in `/p`; one text is that file. */
export function read(
  files: string | Readonly<Record<string, string>>,
  input: Partial<StackInput> = {},
): ReadStack {
  const all = typeof files === 'string' ? { 'compose.yml': files } : files;
  return readStack({
    files: ['compose.yml'],
    folder: '/p',
    name: 'shop',
    env: {},
    read: (path) => {
      const name = path.replace(/^\/p\//, '');
      return Object.hasOwn(all, name) ? all[name] : undefined;
    },
    ...input,
  });
}

/** All errors of files, as they are told, without the folder. */
export function errorsOf(...args: Parameters<typeof read>): string[] {
  try {
    read(...args);
    return [];
  } catch (thrown) {
    if (!(thrown instanceof ComposeError)) throw thrown;
    return thrown.problems.map(problemText).map(short);
  }
}

export function warningsOf(...args: Parameters<typeof read>): string[] {
  return read(...args)
    .warnings.map(problemText)
    .map(short);
}

function short(text: string): string {
  return text.replaceAll('/p/', '');
}

/** The service of that name. */
export function serviceIn({ stack }: ReadStack, name: string) {
  const found = stack.services.find((service) => service.name === name);
  if (found === undefined) throw new Error(`there is no service ${name}`);
  return found;
}
