import type { OptionSpec } from './command.ts';
import { collect, parseFolder } from './values.ts';

export type ComposeFlags = Readonly<{
  file?: readonly string[];
  name?: string;
  envFile?: readonly string[];
  profile?: readonly string[];
  projectDirectory?: string;
}>;

/** The flags of every command that reads compose files. */
export const composeOptions: readonly OptionSpec[] = [
  {
    flags: '-f, --file <FILE>',
    summary: 'compose file, - for standard input; several go over each other in their order',
    parse: collect,
    fallback: 'compose.yaml or docker-compose.yml, here or above, with its override file',
    completes: 'file',
  },
  { flags: '--name <NAME>', summary: 'name of the stack', fallback: "the files' name, or the folder's" },
  {
    flags: '--env-file <FILE>',
    summary: 'file with variables; may be given several times',
    parse: collect,
    fallback: '.env beside the compose file',
    completes: 'file',
  },
  {
    flags: '--project-directory <DIR>',
    summary: 'folder from which relative paths are seen, and with the .env file',
    fallback: "the first file's",
    parse: parseFolder,
    completes: 'folder',
  },
  { flags: '--profile <NAME>', summary: 'activate a profile; may be given several times', parse: collect },
];
