import { type Role, roleAllows } from '../model/access.ts';
import type { Service } from '../model/service.ts';
import type { Stack } from '../model/stack.ts';
import type { FieldChange } from '../model/stack-diff.ts';

/** `NAME=(hidden)`: passwords stand in environments, and their values are for the role that may exec, and reads them so anyway. */
export function hiddenValue(entry: string): string {
  return entry.replace(/=.*$/s, '=(hidden)');
}

/** A service as the role may see it. */
export function shownService(service: Service, role: Role): Service {
  const { Env } = service.container;
  if (roleAllows(role, 'operator') || Env === undefined || Env === null) return service;
  return { ...service, container: { ...service.container, Env: Env.map(hiddenValue) } };
}

/** A stack as the role may see it. */
export function shownStack(stack: Stack, role: Role): Stack {
  return { ...stack, services: stack.services.map((service) => shownService(service, role)) };
}

/** What has changed of a service, as the role may see it. */
export function shownChanges<T extends Partial<FieldChange>>(
  changes: readonly T[],
  role: Role,
): readonly T[] {
  if (roleAllows(role, 'operator')) return changes;
  return changes.map((change) =>
    /^container\.Env\b/.test(change.field ?? '')
      ? { ...change, before: hidden(change.before), after: hidden(change.after) }
      : change,
  );
}

function hidden(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hidden);
  return typeof value === 'string' ? hiddenValue(value) : value;
}
