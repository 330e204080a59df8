import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { nearest } from './near.ts';
import type { Place, Problems } from './problems.ts';
import schema from './schema/compose-spec.json' with { type: 'json' };
import { child, keyPath, kindText, plain, type TreeNode } from './tree.ts';

const MOST_ERRORS = 500;

/** The specification's JSON Schema (draft 7), with what each key is for. */
export const composeSchema: Readonly<Record<string, unknown>> = schema;

let compiled: ValidateFunction | undefined;

/** The specification's schema; compiling it takes a tenth of a second. */
function validator(): ValidateFunction {
  const { $schema, $id, ...rest } = withoutUnique(schema) as Record<string, unknown>;
  compiled ??= new Ajv({ strict: false, allErrors: true, verbose: true, logger: false }).compile(rest);
  return compiled;
}

/** `uniqueItems` compares each item with each: a list of 100,000 would take minutes. Merging takes doubles out. */
function withoutUnique(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUnique);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key, set]) => key !== 'uniqueItems' || typeof set !== 'boolean',
  );
  return Object.fromEntries(kept.map(([key, below]) => [key, withoutUnique(below)]));
}

/** Tells what in the tree the Compose Specification's schema does not allow, each with its place. */
export function validate(tree: TreeNode, problems: Problems): void {
  const check = validator();
  if (check(plain(tree))) return;
  // Which of them tell something is found by comparing each with each; more have one cause.
  const errors = (check.errors ?? []).slice(0, MOST_ERRORS);
  for (const error of telling(errors)) {
    const found = find(tree, error.instancePath);
    if (error.keyword === 'additionalProperties') unknownKey(found, error, problems);
    else problems.error(found.at, found.key, messageOf(error, errors, found.node));
  }
}

/**
 * The errors that say what is wrong. Where none of several forms fits, each form has errors of its own: those count
 * which are deeper inside, for the form that was meant; where all only miss the type, the choice as a whole is told.
 */
function telling(errors: readonly ErrorObject[]): ErrorObject[] {
  const choices = errors.filter(({ keyword }) => keyword === 'oneOf' || keyword === 'anyOf');
  const inside = (error: ErrorObject, choice: ErrorObject) =>
    error !== choice &&
    error.schemaPath.length !== choice.schemaPath.length &&
    (error.instancePath === choice.instancePath || error.instancePath.startsWith(`${choice.instancePath}/`));
  const dropped = new Set<ErrorObject>();
  for (const choice of choices) {
    const branches = errors.filter((error) => inside(error, choice) && !isAbove(error, choice));
    const meant = branches.filter(
      (error) => error.instancePath !== choice.instancePath || !['type', 'enum'].includes(error.keyword),
    );
    if (meant.length === 0) for (const branch of branches) dropped.add(branch);
    else {
      dropped.add(choice);
      for (const branch of branches) if (!meant.includes(branch)) dropped.add(branch);
    }
  }
  return errors.filter((error) => !dropped.has(error));
}

/** A choice that encloses `choice` at the same value is no part of it. */
function isAbove(error: ErrorObject, choice: ErrorObject): boolean {
  return (
    choice.schemaPath.startsWith(error.schemaPath.replace(/\/(?:oneOf|anyOf)$/, '/')) &&
    error.keyword === 'oneOf'
  );
}

type Found = Readonly<{ node: TreeNode; at: Place; key: string }>;

/** The value at a JSON pointer (RFC 6901). */
function find(tree: TreeNode, pointer: string): Found {
  let node = tree;
  let at = tree.at;
  let key = '';
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (node.kind === 'list') {
      const item = node.items[Number(name)];
      if (item === undefined) break;
      key = keyPath(key, Number(name));
      [node, at] = [item, item.at];
    } else {
      const entry = node.kind === 'map' ? node.entries.get(name) : undefined;
      if (entry === undefined) break;
      key = keyPath(key, name);
      [node, at] = [entry.value, entry.keyAt];
    }
  }
  return { node, at, key };
}

function unknownKey({ node, key }: Found, error: ErrorObject, problems: Problems): void {
  const name = String((error.params as { additionalProperty?: unknown }).additionalProperty);
  const parent = error.parentSchema as { properties?: object } | undefined;
  const known = Object.keys(parent?.properties ?? {});
  const near = nearest(name, known);
  const at = (node.kind === 'map' ? node.entries.get(name)?.keyAt : undefined) ?? node.at;
  const what = known.length === 0 ? 'this name is not possible here' : 'unknown key';
  const hint =
    known.length === 0
      ? 'use letters, digits and . _ -'
      : near === undefined
        ? shortList(known)
        : `did you mean ${near}?`;
  problems.error(at, keyPath(key, name), `${what}: ${hint}`);
}

function shortList(known: readonly string[]): string {
  return known.length <= 12 ? `there are ${known.join(', ')}` : 'remove it, or begin it with x-';
}

function messageOf(error: ErrorObject, errors: readonly ErrorObject[], node: TreeNode): string {
  if (error.keyword === 'oneOf' || error.keyword === 'anyOf' || error.keyword === 'type') {
    const types = errors
      .filter(({ instancePath, keyword }) => instancePath === error.instancePath && keyword === 'type')
      .flatMap(({ params }) => (params as { type: string | string[] }).type);
    const values = errors
      .filter(({ instancePath, keyword }) => instancePath === error.instancePath && keyword === 'enum')
      .flatMap(({ params }) => (params as { allowedValues: unknown[] }).allowedValues.map(String));
    const wanted = [...new Set([...types.map(typeText), ...values])];
    return `is ${kindText(node)}, and must be ${wanted.join(' or ') || 'of another form'}`;
  }
  if (error.keyword === 'enum') {
    const { allowedValues } = error.params as { allowedValues: unknown[] };
    return `is ${kindText(node)}, and must be one of ${allowedValues.join(', ')}`;
  }
  if (error.keyword === 'required') {
    const { missingProperty } = error.params as { missingProperty: string };
    return child(node, missingProperty) === undefined
      ? `needs the key ${missingProperty}`
      : 'is not complete';
  }
  return `is ${kindText(node)}: ${error.message ?? 'not valid'}`;
}

function typeText(type: string): string {
  const texts: Record<string, string> = {
    object: 'a map',
    array: 'a list',
    string: 'a text',
    number: 'a number',
    integer: 'a whole number',
    boolean: 'true or false',
    null: 'empty',
  };
  return texts[type] ?? type;
}
