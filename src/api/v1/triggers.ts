import type { TriggerView } from '../../contract/v1/triggers.ts';
import { BerthError } from '../../kit/errors.ts';
import { newShortId } from '../../kit/ids.ts';
import { serviceKey } from '../../model/deployment.ts';
import {
  KEPT_DELIVERIES,
  type Trigger,
  type TriggerAction,
  type Triggered,
  triggerAuthor,
} from '../../model/trigger.ts';
import type { ReadTx } from '../../store/store.ts';
import { hashSecret, isSecret, newSecret, TRIGGER_PREFIX } from '../auth/secrets.ts';
import { TriggerLimits } from '../auth/trigger-limits.ts';
import { refuseNumberless } from '../services/check-scale.ts';
import { fireTrigger, type ScaleAsked } from '../services/fire-trigger.ts';
import { findChangeable } from './change-service.ts';
import { type ApiDeps, hostPort } from './deps.ts';
import type { Call, Handlers } from './handler.ts';

const MOST_PER_SERVICE = 50;

type Names = `trigger.${'create' | 'list' | 'delete' | 'fire'}`;

export function triggerHandlers(): Handlers<Names> {
  const limits = new TriggerLimits();
  return {
    'trigger.create': async ({ deps, params, body, principal, about }) => {
      const { action, name = action.kind } = body;
      about(`${params.stack}/${params.service} ${name}`);
      const token = newSecret(TRIGGER_PREFIX);
      const made: Trigger = {
        ...{ kind: 'trigger', id: newShortId(), ...params, name, action, tokenHash: hashSecret(token) },
        ...{ createdAt: deps.clock.now(), createdBy: principal.user, deliveries: [] },
      };
      await deps.store.update((tx) => {
        const record = findChangeable(tx, made.stack, made.service);
        if (action.kind === 'scale') refuseNumberless(record);
        refuseTaken(tx, made);
        tx.put('triggers', made);
      });
      return { ...viewOf(made), token, url: urlOf(deps, made.id, token, action) };
    },

    'trigger.list': ({ deps }) => {
      const key = (one: Trigger) => `${one.stack}/${one.service} ${one.name}`;
      const all = deps.store.view((tx) => [...tx.all('triggers')]);
      return { triggers: all.sort((a, b) => (key(a) < key(b) ? -1 : 1)).map(viewOf) };
    },

    'trigger.delete': ({ deps, params, about }) =>
      deps.store.update((tx) => {
        const trigger = tx.get('triggers', params.id);
        if (trigger === undefined)
          throw new BerthError('not_found', `there is no trigger "${params.id}"`, {
            hint: '"berth trigger ls" lists them by ID',
          });
        about(`${trigger.stack}/${trigger.service} ${trigger.name}`);
        tx.delete('triggers', trigger.id);
        return {};
      }),

    'trigger.fire': (call) => fire(call, limits),
  };
}

function fire({ deps, headers, query, principal, about }: Call<'trigger.fire'>, limits: TriggerLimits) {
  const now = deps.clock.now();
  limits.ofSource(principal.from, now);
  const token = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? query.token ?? '';
  const key = headers['idempotency-key'];
  const keyHash = key === undefined ? undefined : hashSecret(key);
  return deps.store.update((tx) => {
    const trigger = knownBy(tx, query.id ?? '', token);
    const service = serviceKey(trigger.stack, trigger.service);
    about(service, triggerAuthor(trigger));
    const answer = (did: Triggered, repeated: boolean) => ({ service, trigger: trigger.name, repeated, did });
    const before = trigger.deliveries.find((one) => keyHash !== undefined && one.keyHash === keyHash);
    if (before !== undefined) return answer(before.did, true);
    limits.ofTrigger(trigger.id, now);
    const record = findChangeable(tx, trigger.stack, trigger.service);
    const { did, repeated } = fireTrigger(tx, record, trigger, askedBy(query), now);
    const delivery = { at: now, did, ...(keyHash === undefined ? {} : { keyHash }) };
    const deliveries = [...trigger.deliveries, delivery].slice(-KEPT_DELIVERIES);
    tx.put('triggers', { ...trigger, deliveries });
    return answer(did, repeated);
  });
}

/** Hash of nothing that anybody can send. */
const NOBODY = hashSecret('');

/**
 * One that is not there takes as long, and gets the same answer, as a wrong token.
 * @throws BerthError `unauthenticated`
 */
function knownBy(tx: ReadTx, id: string, token: string): Trigger {
  const trigger = tx.get('triggers', id);
  const isRight = isSecret(token, trigger?.tokenHash ?? NOBODY);
  if (trigger !== undefined && isRight) return trigger;
  throw new BerthError('unauthenticated', 'no trigger has this ID and this token', {
    hint: 'both are in the URL of "berth trigger create"; the trigger may have been removed since, or its service',
  });
}

/** Undefined where nothing of it is said. */
function askedBy({ type, step }: Call<'trigger.fire'>['query']): ScaleAsked | undefined {
  if (type !== undefined) return { type, step: step ?? 1 };
  if (step === undefined) return undefined;
  throw new BerthError('bad_request', `query "step": ${step} containers, and nothing says which way`, {
    hint: 'add &type=scale_out or &type=scale_in',
  });
}

/** @throws BerthError `conflict` */
function refuseTaken(tx: ReadTx, { stack, service, name }: Trigger): void {
  const known = [...tx.by('triggers', 'service', serviceKey(stack, service))];
  if (known.some((one) => one.name === name))
    throw new BerthError('conflict', `service ${service} has a trigger ${name} already`, {
      hint: 'give it another --name, or remove that one: "berth trigger ls" has its ID',
    });
  if (known.length >= MOST_PER_SERVICE)
    throw new BerthError('conflict', `service ${service} has ${known.length} triggers, as many as may be`, {
      hint: 'remove some with "berth trigger rm"',
    });
}

function urlOf(
  { address, apiPort }: Pick<ApiDeps, 'address' | 'apiPort'>,
  id: string,
  token: string,
  action: TriggerAction,
): string {
  const query = new URLSearchParams({ id, token });
  if (action.kind === 'scale') {
    query.set('type', 'scale_out');
    query.set('step', '1');
  }
  return `https://${hostPort(address, apiPort)}/v1/trigger?${query}`;
}

function viewOf({
  id,
  stack,
  service,
  name,
  action,
  createdAt,
  createdBy,
  deliveries,
}: Trigger): TriggerView {
  const firedAt = deliveries.at(-1)?.at ?? null;
  return { id, stack, service, name, action, createdAt, createdBy, firedAt };
}
