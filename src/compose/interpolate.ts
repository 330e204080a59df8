import { type Problems, quoted } from './problems.ts';
import { type Lookup, substitute, TemplateError } from './template.ts';
import { keyPath, mapValues, scalar, type TreeNode } from './tree.ts';

/** All values with their variables put in; keys stay as they are. Parts without variables are the same as before. */
export function interpolate(node: TreeNode, lookup: Lookup, problems: Problems, path = ''): TreeNode {
  if (node.kind === 'map') {
    let changed = false;
    const made = mapValues(node, (value, key) => {
      const next = interpolate(value, lookup, problems, keyPath(path, key));
      changed ||= next !== value;
      return next;
    });
    return changed ? made : node;
  }
  if (node.kind === 'list') {
    let changed = false;
    const items = node.items.map((item, i) => {
      const next = interpolate(item, lookup, problems, keyPath(path, i));
      changed ||= next !== item;
      return next;
    });
    return changed ? { ...node, items } : node;
  }
  if (typeof node.value !== 'string' || !node.value.includes('$')) return node;
  try {
    const unset = (name: string) =>
      problems.warn(node.at, path, `variable ${name} is not set: it is empty here`);
    const value = substitute(node.value, lookup, unset);
    problems.spend(value.length, node.at, path);
    return node.tag === undefined ? scalar(node.at, value) : { ...node, value };
  } catch (thrown) {
    if (!(thrown instanceof TemplateError)) throw thrown;
    problems.error(node.at, path, thrown.message || quoted(node.value));
    return node;
  }
}
