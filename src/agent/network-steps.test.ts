import { expect, it } from 'vitest';
import { newSimulatedEngine } from '../engine/index.ts';
import { systemClock } from '../kit/clock.ts';
import { silentLogger } from '../kit/logger.ts';
import { SPAN } from '../network/libnetwork/host-book.fixture.ts';
import { assignmentRecord } from './agent.fixture.ts';
import { connectNetwork } from './network-steps.ts';
import type { StepContext } from './step-context.ts';

/** A step's surroundings, with names answered in `n1` only, and what the engine is sent. */
function connecting() {
  const sent: unknown[] = [];
  const engine = newSimulatedEngine({});
  const { id } = assignmentRecord('web');
  const context: StepContext = {
    engine: {
      ...engine,
      json: async <T>(_method: string, _path: string, body: unknown) => {
        sent.push(body);
        return {} as T;
      },
    },
    ...{ clock: systemClock, logger: silentLogger, signal: new AbortController().signal },
    ...{ cluster: 'c1', id, name: 'web', prefix: '', mayExist: false, engineId: 'e1', warnings: [] },
    body: ({ desired }) => desired.spec,
    answersIn: (networkId) => networkId === 'n1',
    adoptNetwork: async () => {},
    exclusive: (_key, task) => task(),
  };
  return { context, sent };
}

it('connects a container with its aliases where the agent does not answer them', async () => {
  const { context, sent } = connecting();
  for (const id of ['n1', 'vlan'])
    await connectNetwork(context, {
      need: { id, spec: { Name: id }, span: SPAN },
      config: { Aliases: ['www'] },
    });
  expect(sent).toEqual([
    { Container: 'e1', EndpointConfig: {} },
    { Container: 'e1', EndpointConfig: { Aliases: ['www'] } },
  ]);
});
