import { BerthError, messageOf } from '../../kit/errors.ts';
import { CONTAINER_NAME } from '../../model/container.ts';
import { cronFault } from '../../model/cron.ts';
import type { Service } from '../../model/service.ts';
import type { Stack } from '../../model/stack.ts';
import { scopeProblem } from '../../model/volume-span.ts';
import { placementRequest } from '../../scheduler/request.ts';
import { withoutExpressions } from '../../scheduler/spec-expressions.ts';
import { createBody } from '../docker/containers/create-body.ts';

/**
 * @throws BerthError `bad_request` for what no stack can have, `unsupported` for what it would be wrong to leave out; both
 *   name the service
 */
export function checkStack(stack: Stack): void {
  refuseDoubles(stack);
  refuseCycles(stack);
  refuseScopes(stack);
  for (const service of stack.services) {
    refuseTimes(service);
    refuseOddPolicy(service);
    refuseShift(service);
    try {
      const spec = withoutExpressions(createBody(service.container).spec);
      placementRequest(service.name, spec);
    } catch (thrown) {
      if (!(thrown instanceof BerthError)) throw thrown;
      throw new BerthError(thrown.code, `service ${service.name}: ${messageOf(thrown)}`);
    }
  }
}

function refuseDoubles({ services }: Stack): void {
  const holders = new Map<string, string>();
  for (const { name, naming } of services) {
    const first = naming.kind === 'fixed' ? naming.name : `${naming.prefix}1`;
    if (!CONTAINER_NAME.test(first))
      throw new BerthError(
        'bad_request',
        `service ${name}: "${first.slice(0, 80)}" is no name of a container`,
      );
    const holder = holders.get(first);
    if (holder !== undefined)
      throw new BerthError('bad_request', `services ${holder} and ${name} both call a container ${first}`);
    holders.set(first, name);
  }
  const names = services.map(({ name }) => name);
  const double = names.find((name, i) => names.indexOf(name) !== i);
  if (double !== undefined) throw new BerthError('bad_request', `there are two services ${double}`);
  const wrong = names.find((name) => !/^[a-zA-Z0-9._-]{1,128}$/.test(name));
  if (wrong !== undefined)
    throw new BerthError('bad_request', `"${wrong.slice(0, 80)}" is no name of a service`);
}

function refuseScopes({ volumes }: Stack): void {
  for (const { key, spec } of volumes) {
    const problem = scopeProblem(spec);
    if (problem !== undefined) throw new BerthError('bad_request', `volume ${key}: ${problem}`);
  }
}

/** Compose files with a cycle are refused when they are read; this is for what comes without one. */
function refuseCycles({ services }: Stack): void {
  const edges = new Map(services.map(({ name, dependsOn }) => [name, dependsOn.map((one) => one.service)]));
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name))
      throw new BerthError(
        'bad_request',
        `services wait for each other: ${[...path.slice(path.indexOf(name)), name].join(' -> ')}`,
      );
    if (done.has(name)) return;
    for (const next of edges.get(name) ?? []) visit(next, [...path, name]);
    done.add(name);
  };
  for (const { name } of services) visit(name, []);
}

/** Two versions that serve at once need a way to share requests, and containers that may be there twice. */
function refuseShift({ name, update, runs, scale, naming, identity, routes, listeners }: Service): void {
  const { shift, kind } = update;
  if (shift === undefined) return;
  const refuse = (what: string, hint: string) =>
    new BerthError('bad_request', `service ${name}: a ${kind} release ${what}`, { hint });
  if (runs.kind !== 'service' || scale.kind === 'global')
    throw refuse('is for services with a number of containers that run on', 'write rolling in berth.release');
  if (routes.length + listeners.length === 0)
    throw refuse(
      'shares requests, and none come to it through the router',
      'give it a route by berth.routing.port_80, or write rolling in berth.release',
    );
  if (naming.kind === 'fixed' || identity.hostnames || Object.keys(identity.ips).length > 0)
    throw refuse(
      'has both versions at once, and its containers have names or addresses that are there once',
      'leave out container_name, berth.stable_names and berth.ip, or write rolling in berth.release',
    );
}

/** A policy that did not come from a compose file may have one without the other. */
function refuseOddPolicy({ name, update: { kind, shift }, rollback }: Service): void {
  const both = kind === 'blue-green' || kind === 'canary';
  if (both !== (shift !== undefined))
    throw new BerthError(
      'bad_request',
      `service ${name}: its update policy is ${kind}, ${both ? 'and needs shift' : 'which has no shift'}`,
    );
  if (rollback.shift !== undefined || rollback.kind === 'blue-green' || rollback.kind === 'canary')
    throw new BerthError('bad_request', `service ${name}: a rollback is rolling or recreate`);
}

/** Compose files with wrong times are refused when they are read; this is for what comes without one. */
function refuseTimes({ name, runs, scale, naming }: Service): void {
  if (runs.kind !== 'cron') return;
  const fault = cronFault(runs);
  if (fault !== undefined) throw new BerthError('bad_request', `service ${name}: ${fault}`);
  if (scale.kind !== 'replicated' || scale.replicas !== 1 || naming.kind === 'fixed')
    throw new BerthError('bad_request', `service ${name} runs at its times: a run is one container`, {
      hint: 'take global, the number of containers and container_name from it',
    });
}
