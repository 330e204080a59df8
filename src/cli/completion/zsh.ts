import type { FlagEntry, TreeEntry } from './tree.ts';

/** A script for zsh: in a folder of $fpath as `_berth`, or `source <(berth completion zsh)` after compinit. */
export function zshCompletion(entries: readonly TreeEntry[]): string {
  return `#compdef berth
# Completion of berth for zsh. Load it: source <(berth completion zsh)
${entries.map(zshFunction).join('\n')}
if [[ \${funcstack[1]} == _berth ]]; then _berth "$@"; else compdef _berth berth; fi
`;
}

function zshFunction(entry: TreeEntry): string {
  const { path, children, flags, words } = entry;
  const name = functionName(path);
  const specs = flags.flatMap(flagSpecs);
  if (children.length === 0) {
    const rest = words.length === 0 ? "'*: :'" : `'*: :(${words.map(escaped).join(' ')})'`;
    return `${name}() {\n  _arguments -s -S ${[...specs, rest].join(' ')}\n}`;
  }
  const list = children.map((child) => quoted(`${child.name}:${child.summary}`)).join(' ');
  const cases = children.map((child) => `    ${child.name}) ${functionName([...path, child.name])} ;;`);
  return `${name}() {
  local curcontext="$curcontext" state line
  _arguments -C -s ${specs.join(' ')} '1: :->command' '*:: :->rest' && return
  case $state in
  command) local -a commands=(${list}); _describe command commands ;;
  rest) case $line[1] in
${cases.join('\n')}
    esac ;;
  esac
}`;
}

function functionName(path: readonly string[]): string {
  return ['_berth', ...path].join('_').replaceAll('-', '_');
}

function flagSpecs({ names, summary, takesValue, choices, completes }: FlagEntry): string[] {
  // Brackets and colons have a meaning of their own in a specification (zshcompsys(1), _arguments).
  const text = escaped(summary).replace(/[[\]]/g, '\\$&');
  const kind = completes === 'folder' ? '_files -/' : completes === 'file' ? '_files' : ' ';
  const action = choices.length > 0 ? `(${choices.map(escaped).join(' ')})` : kind;
  return names.map((name) => quoted(`*${name}[${text}]${takesValue ? `:value:${action}` : ''}`));
}

function escaped(text: string): string {
  return text.replaceAll(':', '\\:');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
