import type { Way } from '../../parts/copy.tsx';
import { shellWord } from '../../parts/format.ts';
import type { Draft } from './draft.ts';

/** How the source of a deployment from standard input names it. */
const STDIN = '<stdin>';
/** Stand for what may be secret. The manager takes none of them for the thing itself. */
const VARIABLES = '<VARIABLES>';
const TEXT = '<TEXT>';
const CONTENT = '<BASE64>';

/** A draft's deployment as others may do it: what its compose files say, and nothing of its variables and other files. */
export function deployWay({ name, source, contents, base }: Draft): Way {
  const stack = name || 'NAME';
  const { compose, files, variables } = source;
  return {
    cli: deployCli(stack, source),
    route: 'stack.apply',
    input: {
      stack,
      source: {
        ...source,
        files: files.map(({ path, text }) => ({ path, text: compose.includes(path) ? text : TEXT })),
        variables: variables === '' ? '' : VARIABLES,
      },
      contents: contents.map(({ path }) => ({ path, content: CONTENT })),
      expect: base.generation,
    },
  };
}

/** With absolute paths: in a folder with other files the line must not deploy those. */
function deployCli(stack: string, { folder, compose, variables, profiles }: Draft['source']): string {
  const pathOf = (path: string) => (path.startsWith('/') ? path : `${folder.replace(/\/$/, '')}/${path}`);
  const paths = compose.map((path) => (path === STDIN ? '-' : pathOf(path)));
  const [first = ''] = paths;
  const isFirstsFolder = first !== '-' && first.slice(0, Math.max(1, first.lastIndexOf('/'))) === folder;
  return [
    'berth deploy',
    ...paths.map((path) => `-f ${shellWord(path)}`),
    `--name ${shellWord(stack)}`,
    ...(variables === '' ? [] : [`--env-file ${shellWord(pathOf('.env'))}`]),
    ...(isFirstsFolder ? [] : [`--project-directory ${shellWord(folder)}`]),
    ...profiles.map((profile) => `--profile ${shellWord(profile)}`),
    ...(paths.includes('-') ? ['< compose.yaml'] : []),
  ].join(' ');
}
