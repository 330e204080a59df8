import { BerthError } from '../../kit/errors.ts';
import { type ServiceRecord, serviceKey } from '../../model/deployment.ts';
import type { Service } from '../../model/service.ts';
import { needsRelease } from '../../model/service-parts.ts';
import type { Stack } from '../../model/stack.ts';
import { beginRelease } from '../../store/releases.ts';
import type { WriteTx } from '../../store/store.ts';

export type Author = Readonly<{ by: string; at: number }>;

/**
 * Writes one service, and leaves the others of its stack as they are; makes the stack where it is the first. A release
 * begins where its containers would be other ones.
 * @throws BerthError `conflict` while the stack or the service is being taken away
 */
export function putService(tx: WriteTx, stack: string, service: Service, { by, at }: Author): ServiceRecord {
  const before = tx.get('stacks', stack);
  const known = tx.get('services', serviceKey(stack, service.name));
  if (before?.removing === true || known?.removing === true)
    throw new BerthError('conflict', `service ${service.name} is being taken away`, {
      hint: 'try it again in a moment',
    });
  const others = before?.stack.services.filter(({ name }) => name !== service.name) ?? [];
  const services = [...others, service].sort((a, b) => (a.name < b.name ? -1 : 1));
  tx.put('stacks', {
    ...before,
    ...{ kind: 'stack-record', name: stack, stack: { ...(before?.stack ?? emptyStack(stack)), services } },
    ...{ generation: (before?.generation ?? 0) + 1, at, by },
  });
  const record: ServiceRecord = known ?? {
    ...{ kind: 'service-record', stack, name: service.name, service },
    ...{ scale: null, generation: 0, release: 0 },
  };
  if (known === undefined || needsRelease(known.service, service))
    return beginRelease(tx, { ...record, scale: null }, service, { cause: { kind: 'deploy' }, by, at });
  const written = { ...record, service, scale: null, generation: record.generation + 1 };
  tx.put('services', written);
  return written;
}

/** Takes a service away; with the last one of a stack the stack goes, and its networks. */
export function dropService(tx: WriteTx, record: ServiceRecord, { by, at }: Author): void {
  const { stack, name } = record;
  tx.put('services', { ...record, removing: true, generation: record.generation + 1 });
  const before = tx.get('stacks', stack);
  if (before === undefined) return;
  const services = before.stack.services.filter((one) => one.name !== name);
  const removing = services.length === 0 ? { removing: true } : {};
  const generation = before.generation + 1;
  tx.put('stacks', { ...before, stack: { ...before.stack, services }, generation, by, at, ...removing });
}

function emptyStack(name: string): Stack {
  return {
    kind: 'stack',
    name,
    services: [],
    externals: [],
    networks: [],
    volumes: [],
    configs: [],
    secrets: [],
  };
}
