import { stableJson } from '../../../../kit/digest.ts';
import type { Service } from '../../../../model/service.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Takes one sentence of what is not done as it was asked. */
export type Warn = (text: string) => void;

/**
 * One field of Docker's ServiceSpec, and where a service of Berth has it. `write` is asked only where the value is another
 * than `read` gives: what Docker has no word for stays as it was.
 */
export type Part = Readonly<{
  /** In Docker's spec: `TaskTemplate.ContainerSpec.Image`. */
  path: string;
  /** Undefined where it is not there. */
  read(service: Service, about: About): unknown;
  /** @throws BerthError `bad_request`, `unsupported`, naming the field */
  write(service: Service, value: unknown, about: About, warn: Warn): Service;
}>;

/** What Docker calls the service. */
export type About = Readonly<{ dockerName: string }>;

/** What Docker's clients mean by "not there": they leave a field out, or send its empty value. */
export function isAbsent(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** As `isAbsent`, and what has nothing in it but numbers and flags that are off. */
export function isZero(value: unknown): boolean {
  if (value === 0 || value === false || isAbsent(value)) return true;
  return typeof value === 'object' && !Array.isArray(value) && Object.values(value as Json).every(isZero);
}

export function isSame(a: unknown, b: unknown): boolean {
  return stableJson(a) === stableJson(b);
}

/** The value at a path with dots; undefined where the path ends before. */
export function at(value: unknown, path: string): unknown {
  let inner = value;
  for (const key of path.split('.')) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, key)) return undefined;
    inner = (inner as Json)[key];
  }
  return inner;
}

/** A copy with another value at the path; undefined takes the field away, and objects that are empty by that. */
export function withAt(value: Json, path: string, to: unknown): Json {
  const [key = '', ...rest] = path.split('.');
  const { [key]: inner, ...others } = value;
  if (rest.length === 0) return to === undefined ? others : { ...value, [key]: to };
  const below = typeof inner === 'object' && inner !== null ? (inner as Json) : {};
  const changed = withAt(below, rest.join('.'), to);
  if (to === undefined && Object.keys(changed).length === 0) return others;
  return { ...value, [key]: changed };
}

/** A service whose containers have another value at that path of their create body. */
export function withContainer(service: Service, path: string, to: unknown): Service {
  return { ...service, container: withAt(service.container, path, to) as Service['container'] };
}
