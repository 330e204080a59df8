import { KEY_ROWS, type Verdict } from './keys.ts';
import { LABELS } from './labels/table.ts';

const VERDICTS: Readonly<Record<Verdict, string>> = {
  honoured: 'yes',
  part: 'in part',
  warned: 'no, with a warning',
  refused: 'no, refused',
};

/** The page `docs/guide/compose-keys.md`: every key and label, and what Berth makes of it. */
export function composeReference(): string {
  const sections = new Map<string, string[]>();
  for (const { key, verdict, words } of KEY_ROWS) {
    const [section = ''] = key.split(/[.[]/);
    const title = key.includes('.') || key.includes('[') ? section : 'top';
    const text = words === '' ? '' : words.charAt(0).toUpperCase() + words.slice(1).replace(/\.?$/, '.');
    sections.set(title, [...(sections.get(title) ?? []), `| \`${key}\` | ${VERDICTS[verdict]} | ${text} |`]);
  }
  const parts = [...sections].map(([title, rows]) =>
    [
      `## ${title === 'top' ? 'Top of the file' : title}`,
      '',
      '| key | honoured | |',
      '|---|---|---|',
      ...rows,
      '',
    ].join('\n'),
  );
  const labels = LABELS.map(({ name, words, own }) => {
    const shown = name.replaceAll(
      '*',
      name.includes('port_') ? 'PORT' : name === 'ip.*' ? 'NETWORK' : 'NAME',
    );
    return `| ${own ? '' : `\`aliyun.${shown}\``} | \`berth.${shown}\` | ${words} |`;
  });
  return [
    '# Keys and labels of compose files',
    '',
    'Made from the tables that `berth stack config` reads (`npx tsx scripts/compose-reference.mjs`). `*` is a name of',
    'yours, `[]` an item of a list. What stands below a key that is not honoured is not honoured either. Keys that begin',
    'with `x-` are yours and change nothing. The [guide](compose.md) tells how files are read.',
    '',
    ...parts,
    '## Labels',
    '',
    'A label of both kinds with two values is an error. Unknown `aliyun.` labels warn, unknown `berth.` ones are errors.',
    '',
    "| Aliyun's | Berth's | |",
    '|---|---|---|',
    ...labels,
    '',
  ].join('\n');
}
