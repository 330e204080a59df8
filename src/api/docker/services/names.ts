import { digestOf } from '../../../kit/digest.ts';
import { BerthError } from '../../../kit/errors.ts';
import type { ServiceRecord } from '../../../model/deployment.ts';
import { STACK_NAME } from '../../../model/stack.ts';

/** By which Docker's clients know the services of a stack. */
export const LABEL_NAMESPACE = 'com.docker.stack.namespace';

/** The stack of services that were made without one (`docker service create`). */
export const OWN_STACK = 'standalone';

type Names = Pick<ServiceRecord, 'stack' | 'name'>;

/** As Docker calls it: `shop_web`, and of a service without a stack its name alone. */
export function dockerName({ stack, name }: Names): string {
  return stack === OWN_STACK ? name : `${stack}_${name}`;
}

/** 25 characters, as Docker's own; the same for as long as there is a service of that name. */
export function serviceId({ stack, name }: Names): string {
  return digestOf(['service', stack, name]).slice(0, 25);
}

/** A container's ID begins with that of its task, so that either finds it. */
export function taskId(containerId: string): string {
  return containerId.slice(0, 25);
}

/** The labels of a service as Docker has them. */
export function dockerLabels(
  stack: string,
  labels: Readonly<Record<string, string>>,
): Record<string, string> {
  return stack === OWN_STACK ? { ...labels } : { ...labels, [LABEL_NAMESPACE]: stack };
}

/**
 * Stack and service that a name and labels of Docker mean.
 * @throws BerthError `bad_request`
 */
export function berthNames(name: string, labels: Readonly<Record<string, string>>): Names {
  const stack = labels[LABEL_NAMESPACE];
  if (stack === undefined) return { stack: OWN_STACK, name };
  if (!STACK_NAME.test(stack) || stack === OWN_STACK)
    throw new BerthError(
      'bad_request',
      `label ${LABEL_NAMESPACE}: "${stack.slice(0, 80)}" is no name of a stack`,
      {
        hint: `write lower-case letters, digits, - and _, another name than ${OWN_STACK}`,
      },
    );
  const prefix = `${stack}_`;
  if (!name.startsWith(prefix) || name === prefix)
    throw new BerthError('bad_request', `service ${name} has the label ${LABEL_NAMESPACE}=${stack}`, {
      hint: `call it ${prefix}${name}, or leave the label out`,
    });
  return { stack, name: name.slice(prefix.length) };
}
