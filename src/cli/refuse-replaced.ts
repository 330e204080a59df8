import type { ServiceView } from '../contract/v1/services.ts';
import { BerthError } from '../kit/errors.ts';
import { askPatiently } from './ask-patiently.ts';
import type { CliContext } from './command.ts';

/**
 * A release that went back by itself, or in whose place somebody else's came, has ended well for the service, and not for
 * whoever has begun it.
 * @param services as they are in the end
 * @param begun the releases that the caller has begun
 * @throws BerthError `conflict`
 */
export async function refuseReplaced(
  context: CliContext,
  services: readonly ServiceView[],
  begun: readonly Readonly<{ service: string; number: number }>[],
): Promise<void> {
  for (const { stack, name, release } of services) {
    const own = begun.find(({ service }) => service === name);
    if (own === undefined || release.number <= own.number) continue;
    const { releases } = await askPatiently(
      context,
      { what: 'what was begun', look: `"berth release history ${stack}/${name}"` },
      () => context.call('release.history', { stack, service: name }),
    );
    const ended = releases.find(({ number }) => number === own.number);
    if (ended?.state === 'rolled-back')
      throw new BerthError(
        'conflict',
        `release ${ended.number} of ${stack}/${name} was taken back: ${ended.reason}`,
        {
          hint: `release ${release.number} serves what was there before; "berth stack logs ${stack}" and "berth release history ${stack}/${name}" say more`,
        },
      );
    // A restart, or its image pulled anew, is the same once more.
    const other = releases.find(
      ({ number, cause }) => number > own.number && (cause.kind === 'deploy' || cause.kind === 'rollback'),
    );
    if (ended?.state !== 'superseded' || other === undefined) continue;
    const what = other.cause.kind === 'rollback' ? `a way back to ${other.cause.to}` : 'another version';
    throw new BerthError(
      'conflict',
      `release ${own.number} of ${stack}/${name} did not go out: release ${other.number} by ${other.by} (${what}) took its place`,
      { hint: `"berth release history ${stack}/${name}" says more` },
    );
  }
}
