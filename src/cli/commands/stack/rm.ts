import type { VolumeView } from '../../../contract/v1/volumes.ts';
import { BerthError } from '../../../kit/errors.ts';
import { type CliContext, command } from '../../command.ts';
import { followRemoval } from '../../follow-stack.ts';
import { clean } from '../../terminal/text.ts';

type Flags = Readonly<{ yes?: boolean; detach?: boolean; volumes?: string | true }>;

export const stackRm = command<Flags, [stacks: string[]]>({
  name: 'stack rm',
  aliases: ['remove', 'down'],
  summary: 'Take stacks away: containers and networks; volumes stay unless they are named',
  arguments: [{ name: '<STACK...>', summary: 'names' }],
  options: [
    {
      flags: '--volumes [NAMES]',
      summary: 'also delete these volumes, with all that is in them: a,b; without names it asks for each',
    },
    { flags: '-d, --detach', summary: 'do not wait until they are gone' },
    { flags: '-y, --yes', summary: 'do not ask' },
  ],
  examples: [
    ['berth stack rm shop', 'says which volumes stay; "berth volume rm" deletes them'],
    ['berth stack rm shop --volumes', 'asks for the name of each volume that is to go'],
    ['berth stack rm shop --volumes data,cache --yes', 'with these two, without a question'],
  ],
  async run(context, flags, stacks) {
    const { call, prompt, out, globals } = context;
    for (const stack of stacks) await call('stack.get', { stack });
    const volumes = await volumesOf(context, stacks);
    const named = namedIn(flags, volumes);
    const names = stacks.map(clean).join(', ');
    const what =
      named.length > 0
        ? `, and delete volume ${namesOf(named).join(', ')}`
        : volumes.length > 0
          ? `, and keep volume ${namesOf(volumes).join(', ')}`
          : '';
    await prompt.confirm(
      `Take away ${names}${flags.volumes === true ? ', and ask for volumes' : what}?`,
      flags.yes,
    );
    const chosen = flags.volumes === true ? await asked(context, volumes) : named;
    for (const stack of stacks) await call('stack.remove', { stack });
    if (flags.detach !== true) for (const stack of stacks) await followRemoval(context, stack);
    const failed = await deleteAll(context, chosen);
    const kept = volumes.filter((one) => !chosen.includes(one));
    const deleted = chosen.filter((one) => !failed.has(one));
    if (globals.json)
      out.json({
        stacks,
        volumes: { deleted: namesOf(deleted), kept: namesOf([...kept, ...failed.keys()]) },
      });
    else for (const stack of stacks) out.line(clean(stack));
    for (const { name, hostNames } of kept)
      out.note(
        `volume ${clean(name)} stays${hostNames.length === 0 ? '' : ` on ${hostNames.map(clean).join(', ')}`}: "berth volume rm ${clean(name)}" deletes it`,
      );
    const [first] = failed.values();
    if (first !== undefined) throw first;
  },
});

async function volumesOf({ call }: CliContext, stacks: readonly string[]): Promise<readonly VolumeView[]> {
  const lists = await Promise.all(stacks.map((stack) => call('volume.list', { stack })));
  return lists.flatMap(({ volumes }) => volumes);
}

/**
 * The volumes that the flag names, by their names or their keys in the file.
 * @throws BerthError `bad_request` for one that is none of the stacks', or that several of them have
 */
function namedIn(
  { volumes: flag, detach, yes }: Flags,
  volumes: readonly VolumeView[],
): readonly VolumeView[] {
  if (flag === undefined) return [];
  if (detach === true)
    throw new BerthError(
      'bad_request',
      '--volumes waits until the containers are gone, and --detach does not',
      {
        hint: 'leave one of them out; "berth volume rm" deletes volumes later',
      },
    );
  const known = volumes.length === 0 ? 'they have none' : `they have ${namesOf(volumes).join(', ')}`;
  if (flag === true) {
    if (yes !== true) return [];
    throw new BerthError(
      'bad_request',
      '--volumes without names asks for each volume, and --yes asks nothing',
      {
        hint: `name those that are to be deleted: ${known}`,
      },
    );
  }
  return flag.split(',').map((name) => {
    const exact = volumes.filter((one) => one.name === name);
    const found = exact.length > 0 ? exact : volumes.filter(({ key }) => key !== '' && key === name);
    const [first] = found;
    if (first !== undefined && found.length === 1) return first;
    throw new BerthError(
      'bad_request',
      first === undefined
        ? `--volumes: "${name}" is no volume of these stacks: ${known}`
        : `--volumes: "${name}" is the volume of several: ${namesOf(found).join(', ')}`,
      { hint: 'nothing was changed' },
    );
  });
}

/** Who types a volume's name wants it deleted. */
async function asked({ prompt }: CliContext, volumes: readonly VolumeView[]): Promise<readonly VolumeView[]> {
  const chosen: VolumeView[] = [];
  for (const volume of volumes) {
    const name = clean(volume.name);
    const question = `Delete volume ${name}, with all that is in it? Its name, or nothing to keep it: `;
    const answer = await prompt.line(question, `name those that are to be deleted: --volumes ${name}`);
    if (answer === volume.name) chosen.push(volume);
    else if (answer !== '')
      throw new BerthError('conflict', `"${answer}" is not ${name}: nothing was changed`);
  }
  return chosen;
}

/** @returns those that were not deleted, with why */
async function deleteAll(
  { call, out, globals }: CliContext,
  volumes: readonly VolumeView[],
): Promise<ReadonlyMap<VolumeView, unknown>> {
  const failed = new Map<VolumeView, unknown>();
  for (const volume of volumes) {
    try {
      await call('volume.remove', { volume: volume.name });
      if (!globals.json) out.line(`deleted volume ${clean(volume.name)}`);
    } catch (thrown) {
      failed.set(volume, thrown);
    }
  }
  return failed;
}

function namesOf(volumes: readonly VolumeView[]): string[] {
  return volumes.map(({ name }) => clean(name));
}
