import type { FlagEntry, TreeEntry } from './tree.ts';

/** A script for bash: `source <(berth completion bash)`. Works without the package bash-completion. */
export function bashCompletion(entries: readonly TreeEntry[]): string {
  return `# Completion of berth for bash. Load it: source <(berth completion bash)
_berth() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path='' at word
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    # bash takes --flag=value apart at the sign.
    if [[ $word == = ]]; then ((at++)); continue; fi
    case "$path $word" in
${lines(entries.flatMap((entry) => valueFlags(entry).map((pattern) => `${pattern}) ${skip()} ;;`)))}
${lines(entries.flatMap(({ path, children }) => children.map(({ name }) => `${quoted(`${key(path)} ${name}`)}) path=${quoted(`${key(path)}/${name}`)} ;;`)))}
    esac
  done
  # The value of --flag=value: the flag stands before the sign.
  if [[ $cur == = ]]; then cur=''; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  case "$path $prev" in
${lines(entries.flatMap((entry) => entry.flags.filter(({ takesValue }) => takesValue).map((flag) => `${patterns(entry, flag)}) ${values(flag)}; return ;;`)))}
  esac
  case "$path" in
${lines(entries.map((entry) => `${quoted(key(entry.path))}) word=${quoted(wordsOf(entry))} ;;`))}
  esac
  if [[ $cur == -* ]]; then
    case "$path" in
${lines(entries.map((entry) => `${quoted(key(entry.path))}) word=${quoted(entry.flags.flatMap(({ names }) => names).join(' '))} ;;`))}
    esac
  fi
  COMPREPLY=($(compgen -W "$word" -- "$cur"))
}
complete -F _berth berth
`;
}

function key(path: readonly string[]): string {
  return path.map((word) => `/${word}`).join('');
}

function patterns({ path }: TreeEntry, { names }: FlagEntry): string {
  return names.map((name) => quoted(`${key(path)} ${name}`)).join('|');
}

function valueFlags(entry: TreeEntry): string[] {
  return entry.flags.filter(({ takesValue }) => takesValue).map((flag) => patterns(entry, flag));
}

/** Over the value of a flag, unless the next word is the sign, which is skipped with its value. */
function skip(): string {
  return `[[ \${COMP_WORDS[at+1]} == = ]] || ((at++))`;
}

function values({ choices, completes }: FlagEntry): string {
  if (choices.length > 0) return `COMPREPLY=($(compgen -W ${quoted(choices.join(' '))} -- "$cur"))`;
  if (completes === undefined) return 'COMPREPLY=()';
  // Names with blanks come one on a line, and readline quotes them.
  const kind = completes === 'folder' ? '-d' : '-f';
  return `compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen ${kind} -- "$cur")`;
}

function wordsOf({ children, words }: TreeEntry): string {
  return [...children.map(({ name }) => name), ...words].join(' ');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function lines(all: readonly string[]): string {
  return all.map((line) => `      ${line}`).join('\n');
}
