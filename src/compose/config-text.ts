import { stringify } from 'yaml';
import { escapeTemplate } from './template.ts';
import { type MapNode, plain, type TreeNode } from './tree.ts';
import { EXTERNAL_KEY } from './upgrade.ts';

/** A merged file as a compose file that reads as the same stack: dollar signs are doubled, as variables are put in. */
export function configText(config: MapNode, format: 'yaml' | 'json'): string {
  const data = plain(escaped(config));
  if (format === 'json') return `${JSON.stringify(data, null, 2)}\n`;
  // Quotes what YAML 1.1 would read as something else, as docker-compose 1 does.
  return stringify(data, { compat: 'yaml-1.1', aliasDuplicateObjects: false, lineWidth: 0 });
}

function escaped(node: TreeNode): TreeNode {
  if (node.kind === 'list') return { ...node, items: node.items.map(escaped) };
  if (node.kind === 'scalar')
    return typeof node.value === 'string' ? { ...node, value: escapeTemplate(node.value) } : node;
  const entries = [...node.entries].map(
    ([key, entry]) =>
      [key === EXTERNAL_KEY ? 'external' : key, { ...entry, value: escaped(entry.value) }] as const,
  );
  return { ...node, entries: new Map(entries) };
}
