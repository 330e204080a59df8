import { canonical } from './canonical.ts';
import { parseEnvFile } from './env-file.ts';
import { interpolate } from './interpolate.ts';
import { merge, withoutTags } from './merge.ts';
import { type ParseLimits, parseYaml } from './parse.ts';
import { folderOf, resolvePath } from './path.ts';
import { ComposeError, type Place, type Problems, quoted } from './problems.ts';
import type { Lookup } from './template.ts';
import {
  child,
  isNull,
  keyPath,
  kindText,
  type MapNode,
  map,
  plain,
  type TreeNode,
  textOf,
  withEntries,
} from './tree.ts';
import { upgrade } from './upgrade.ts';
import { validate } from './validate.ts';

/** Text of the file with that path; undefined where there is none. */
export type ReadFile = (path: string) => string | undefined;

export type LoadContext = Readonly<{
  read: ReadFile;
  lookup: Lookup;
  problems: Problems;
  limits?: ParseLimits;
}>;

/** Files that one project may come from, and services that may extend each other in a row. */
const MOST_FILES = 100;
const LONGEST_EXTENDS = 50;
/** Characters that a value comes to while it goes through the stages. */
const NODE_COST = 50;
const SECTIONS = ['services', 'networks', 'volumes', 'secrets', 'configs', 'models'];

type Reason = Readonly<{ at: Place; key: string }>;

/**
 * The files, each over the ones before it, with what they include and extend: one tree in canonical form.
 * @param folder absolute; relative paths are seen from it
 * @throws ComposeError where a file cannot be read, or is no YAML; other mistakes go to `problems`
 */
export function loadFiles(files: readonly string[], folder: string, context: LoadContext): MapNode {
  return new Loader(context).project(files, folder, context.lookup, []);
}

class Loader {
  #count = 0;
  readonly #context: LoadContext;

  constructor(context: LoadContext) {
    this.#context = context;
  }

  /** @param within files which include this one, outermost first */
  project(
    files: readonly string[],
    folder: string,
    lookup: Lookup,
    within: readonly string[],
    reason?: Reason,
  ): MapNode {
    const { problems } = this.#context;
    let whole: MapNode | undefined;
    for (const name of files) {
      const path = resolvePath(folder, name);
      const at = reason ?? { at: { file: name, line: 1, column: 1 }, key: '' };
      refuseCycle([...within, path], at, 'includes itself');
      const own = this.#file(path, folder, lookup, at);
      const extended = new Extender(own, path, folder, lookup, this).all();
      const included = this.#includes(extended, folder, lookup, [...within, path]);
      const next = this.#together(withEntries(extended, { include: undefined }), included);
      whole = whole === undefined ? next : (merge(whole, next, problems) as MapNode);
    }
    return withoutTags(whole ?? map({ file: folder, line: 1, column: 1 }, [])) as MapNode;
  }

  get problems(): Problems {
    return this.#context.problems;
  }

  /** One file in canonical form. */
  #file(path: string, folder: string, lookup: Lookup, reason: Reason): MapNode {
    const { read, problems, limits } = this.#context;
    if (++this.#count > MOST_FILES)
      throw new ComposeError([
        { ...reason, message: `more than ${MOST_FILES} files belong to this stack: use fewer` },
      ]);
    const text = read(path);
    if (text === undefined)
      throw new ComposeError([{ ...reason, message: `there is no file ${quoted(path)} that can be read` }]);
    const parsed = parseYaml(path, text, problems, limits);
    if (parsed.kind !== 'map')
      throw new ComposeError([
        { at: parsed.at, key: '', message: `the file is ${kindText(parsed)}, and must be a map` },
      ]);
    const upgraded = upgrade(interpolate(parsed, lookup, problems) as MapNode, problems);
    validate(withoutTags(upgraded), problems);
    problems.throwErrors();
    return canonical(upgraded, { folder, home: this.#context.lookup('HOME') }, problems);
  }

  /** A file that a service extends: its paths are seen from its own folder. */
  extended(path: string, lookup: Lookup, reason: Reason): MapNode {
    return this.#file(path, folderOf(path), lookup, reason);
  }

  #includes(tree: MapNode, folder: string, lookup: Lookup, within: readonly string[]): MapNode[] {
    const include = child(tree, 'include');
    if (include?.kind !== 'list') return [];
    return include.items.map((item, i) => {
      const reason = { at: item.at, key: keyPath('include', i) };
      const texts = (node: TreeNode | undefined) =>
        (node?.kind === 'list' ? node.items : node === undefined ? [] : [node]).map(
          (one) => textOf(one) ?? '',
        );
      const paths = texts(item.kind === 'map' ? child(item, 'path') : item).map((one) =>
        resolvePath(folder, one),
      );
      const [first] = paths;
      if (first === undefined) {
        this.problems.error(reason.at, reason.key, 'names no file: write path');
        return map(item.at, []);
      }
      const own = textOf(child(item, 'project_directory'));
      const project = own === undefined ? folderOf(first) : resolvePath(folder, own);
      const envFiles = texts(child(item, 'env_file')).map((one) => resolvePath(folder, one));
      return this.project(
        paths,
        project,
        this.#lookupWith(envFiles, project, lookup, reason),
        within,
        reason,
      );
    });
  }

  /** Variables of the including project go before those of the included one's env files. */
  #lookupWith(files: readonly string[], project: string, lookup: Lookup, reason: Reason): Lookup {
    const paths = files.length > 0 ? files : [resolvePath(project, '.env')];
    const values = new Map<string, string>();
    for (const path of paths) {
      const text = this.#context.read(path);
      if (text !== undefined)
        for (const [name, value] of parseEnvFile(path, text, lookup)) values.set(name, value);
      else if (files.length > 0)
        this.problems.error(reason.at, reason.key, `there is no file ${quoted(path)} that can be read`);
    }
    return (name) => lookup(name) ?? values.get(name);
  }

  /** What is included stands beside what is here: the same name for two things is a mistake. */
  #together(tree: MapNode, included: readonly MapNode[]): MapNode {
    let whole = tree;
    for (const other of included)
      for (const section of SECTIONS) {
        const [own, theirs] = [child(whole, section), child(other, section)];
        if (theirs?.kind !== 'map') continue;
        const entries = new Map(own?.kind === 'map' ? own.entries : []);
        for (const [name, entry] of theirs.entries) {
          const before = entries.get(name);
          if (before !== undefined && !sameData(before.value, entry.value))
            this.problems.error(
              before.keyAt,
              keyPath(section, name),
              `is included too, from ${quoted(entry.keyAt.file)} line ${entry.keyAt.line}, and is another one there: rename one, or use several -f files to change it`,
            );
          entries.set(name, before ?? entry);
        }
        whole = withEntries(whole, { [section]: map(own?.at ?? theirs.at, entries) });
      }
    return whole;
  }
}

function sameData(a: TreeNode, b: TreeNode): boolean {
  return JSON.stringify(plain(a)) === JSON.stringify(plain(b));
}

function refuseCycle(steps: readonly string[], reason: Reason, message: string): void {
  const last = steps.at(-1);
  const first = steps.indexOf(last ?? '');
  if (first === steps.length - 1) return;
  throw new ComposeError([{ ...reason, message: `${message}: ${steps.slice(first).join(' -> ')}` }]);
}

/** Resolves `extends` of the services of one file (compose-spec, services/extends). */
class Extender {
  readonly #done = new Map<string, MapNode>();
  readonly #files = new Map<string, Extender>();
  readonly #file: MapNode;
  readonly #path: string;
  readonly #folder: string;
  readonly #lookup: Lookup;
  readonly #loader: Loader;

  constructor(file: MapNode, path: string, folder: string, lookup: Lookup, loader: Loader) {
    this.#file = file;
    this.#path = path;
    this.#folder = folder;
    this.#lookup = lookup;
    this.#loader = loader;
  }

  all(): MapNode {
    const services = child(this.#file, 'services');
    if (services?.kind !== 'map') return this.#file;
    const entries = [...services.entries].map(
      ([name, entry]) => [name, { ...entry, value: this.#service(name, entry.value, []) }] as const,
    );
    const sizes = new Map<TreeNode, number>();
    for (const [name, { value }] of entries)
      this.#loader.problems.spend(sizeOf(value, sizes) * NODE_COST, value.at, keyPath('services', name));
    return withEntries(this.#file, { services: { ...services, entries: new Map(entries) } });
  }

  #service(name: string, node: TreeNode, within: readonly string[]): TreeNode {
    if (node.kind !== 'map') return node;
    const done = this.#done.get(name);
    if (done !== undefined) return done;
    const parent = node.entries.get('extends');
    const made = parent === undefined ? node : this.#over(name, node, parent.value, within);
    this.#done.set(name, made);
    return made;
  }

  #over(name: string, node: MapNode, parent: TreeNode, within: readonly string[]): MapNode {
    const key = keyPath(keyPath('services', name), 'extends');
    const reason = { at: parent.at, key };
    const steps = [...within, `${this.#path}:${name}`];
    refuseCycle(steps, reason, 'the service extends itself');
    if (steps.length > LONGEST_EXTENDS)
      throw new ComposeError([
        { ...reason, message: `more than ${LONGEST_EXTENDS} services extend each other: use fewer` },
      ]);
    const own = withEntries(node, { extends: undefined });
    if (isNull(parent) || parent.tag === 'reset') return own;
    const service = textOf(child(parent, 'service')) ?? '';
    const path = textOf(child(parent, 'file')) ?? this.#path;
    const where = path === this.#path ? this : this.#other(path, reason);
    const base = where.#resolved(service, steps);
    if (base === undefined) {
      this.#loader.problems.error(
        parent.at,
        key,
        `there is no service ${quoted(service)} in ${quoted(path)}`,
      );
      return own;
    }
    const merged = merge(wrapped(name, base), wrapped(name, own), this.#loader.problems);
    return child(child(merged, 'services'), name) as MapNode;
  }

  #resolved(name: string, steps: readonly string[]): TreeNode | undefined {
    const node = child(child(this.#file, 'services'), name);
    if (node === undefined) return undefined;
    refuseCycle(
      [...steps, `${this.#path}:${name}`],
      { at: node.at, key: keyPath('services', name) },
      'the service extends itself',
    );
    return this.#service(name, node, steps);
  }

  #other(path: string, reason: Reason): Extender {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const file = this.#loader.extended(path, this.#lookup, reason);
    const made = new Extender(file, path, this.#folder, this.#lookup, this.#loader);
    // A cycle through files comes back to this one.
    for (const [other, extender] of this.#files) made.#files.set(other, extender);
    made.#files.set(this.#path, this);
    this.#files.set(path, made);
    return made;
  }
}

/** Values of a node; services that extend the same one share its nodes. */
function sizeOf(node: TreeNode, known: Map<TreeNode, number>): number {
  const before = known.get(node);
  if (before !== undefined || node.kind === 'scalar') return before ?? 1;
  const below = node.kind === 'list' ? node.items : [...node.entries.values()].map(({ value }) => value);
  const size = below.reduce((sum, one) => sum + sizeOf(one, known), 1);
  known.set(node, size);
  return size;
}

/** At its place in a file, where the rules of merging find it. */
function wrapped(name: string, service: TreeNode): MapNode {
  const at = service.at;
  const services = map(at, [[name, { keyAt: at, value: service }]]);
  return map(at, [['services', { keyAt: at, value: services }]]);
}
