import type { TreeEntry } from './tree.ts';

/** A script for fish: `berth completion fish | source`. */
export function fishCompletion(entries: readonly TreeEntry[]): string {
  const lines = entries.flatMap((entry) => {
    const here = `-n ${quoted(`__berth_at ${quoted(pathOf(entry.path))}`)}`;
    return [
      ...entry.children.map(
        ({ name, summary }) => `complete -c berth -f ${here} -a ${quoted(name)} -d ${quoted(summary)}`,
      ),
      ...(entry.words.length === 0
        ? []
        : [`complete -c berth -f ${here} -a ${quoted(entry.words.join(' '))}`]),
      ...entry.flags.map(({ names, summary, takesValue, choices, completes }) =>
        [
          'complete -c berth',
          here,
          ...names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`)),
          ...(takesValue ? ['-r'] : []),
          ...(takesValue && completes === undefined ? ['-f'] : []),
          ...(completes === 'folder' ? ["-f -a '(__fish_complete_directories)'"] : []),
          ...(completes === 'file' ? ['-F'] : []),
          ...(choices.length > 0 ? [`-a ${quoted(choices.join(' '))}`] : []),
          `-d ${quoted(summary)}`,
        ].join(' '),
      ),
    ];
  });
  const paths = entries.filter(({ path }) => path.length > 0).map(({ path }) => quoted(pathOf(path)));
  const valued = entries.flatMap(({ path, flags }) =>
    flags
      .filter(({ takesValue }) => takesValue)
      .flatMap(({ names }) => names.map((name) => quoted(`${pathOf(path)} ${name}`.trim()))),
  );
  return `# Completion of berth for fish. Load it: berth completion fish | source
function __berth_at
    set -l paths ${paths.join(' ')}
    set -l valued ${valued.join(' ')}
    set -l at ''
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        set -l next (string trim -- "$at $word")
        if contains -- $next $valued
            set skip 1
        else if contains -- $next $paths
            set at $next
        end
    end
    test "$at" = "$argv[1]"
end
complete -c berth -f
${lines.join('\n')}
`;
}

function pathOf(path: readonly string[]): string {
  return path.join(' ');
}

/** In fish only \\ and ' need a backslash between single quotes. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
