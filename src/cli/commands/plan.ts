import type { Plan } from '../../contract/v1/cluster.ts';
import { BerthError } from '../../kit/errors.ts';
import { type CliContext, command } from '../command.ts';
import { type DockerRunFlags, dockerRunOptions, dockerSpec } from '../docker-run.ts';
import { clean } from '../terminal/text.ts';
import { parseCount } from '../values.ts';

type Flags = DockerRunFlags & Readonly<{ name?: string; strategy?: string; count?: number }>;

export const plan = command<Flags, [image: string, command: string[]]>({
  name: 'plan',
  heading: 'Cluster:',
  summary: 'Show where containers would go, and why; nothing is created',
  details:
    'Takes the flags of "docker run", before or behind the image; a command with flags of its own stands behind --. Exit ' +
    'code 5 where there is no room for all of them.',
  arguments: [
    { name: '<IMAGE>', summary: 'the image' },
    { name: '[COMMAND...]', summary: 'as docker run' },
  ],
  options: [
    {
      flags: '--count <N>',
      summary: 'so many of them, one after the other',
      parse: parseCount(1, 100),
      fallback: '1',
    },
    {
      flags: '--strategy <NAME>',
      summary: 'spread, binpack, random, or one of your own',
      fallback: "the cluster's",
    },
    { flags: '--name <NAME>', summary: 'name of the container' },
    ...dockerRunOptions,
  ],
  examples: [
    ['berth plan nginx', 'where would it go?'],
    ['berth plan nginx --count 6 --memory 2g --cpus 1', 'is there room for six?'],
    [
      "berth plan -e 'constraint:rack!=r1' -p 80:80 nginx -- nginx -g 'daemon off;'",
      'with an expression, a port and a command',
    ],
  ],
  async run(context, { name, strategy, count, ...flags }, image, words) {
    const answer = await context.call('plan.make', {
      spec: dockerSpec(image, words, flags),
      name: name ?? nameFor(image),
      ...(strategy === undefined ? {} : { strategy }),
      ...(count === undefined ? {} : { count }),
    });
    print(context, answer);
    if (answer.imageMissing) {
      context.out.note(`${clean(image)} is on no host yet: "docker run" pulls it first`);
    }
    const refused = answer.placements.find(({ hostId }) => hostId === undefined);
    if (refused === undefined) return;
    const placed = answer.placements.filter(({ hostId }) => hostId !== undefined).length;
    throw new BerthError(
      'no_room',
      answer.placements.length === 1
        ? (refused.refusal ?? `no host fits ${image}`)
        : `only ${placed} of ${answer.placements.length} containers of ${image} have a host: ${refused.refusal ?? ''}`,
      { hint: 'ask for less, loosen an expression, or add a host ("berth token create")' },
    );
  },
});

/** The image's last word: refusals speak of it. */
function nameFor(image: string): string {
  return /([^/:@]+)(:[^/:@]*)?(@[^/]*)?$/.exec(image)?.[1]?.slice(0, 128) ?? 'plan';
}

function print({ out, globals }: CliContext, { placements, hosts, imageMissing }: Plan): void {
  if (globals.json) {
    out.json({ placements, hosts, ...(imageMissing === undefined ? {} : { imageMissing }) });
    return;
  }
  out.table(
    [
      { header: 'CONTAINER', cell: ({ name }) => name },
      {
        header: 'HOST',
        cell: ({ hostName, hostId }) => hostName ?? hostId ?? { text: 'none', style: 'red' as const },
      },
    ],
    placements,
  );
  if (hosts.length === 0) return;
  out.line();
  out.table(
    [
      { header: 'HOST', cell: ({ hostName }) => hostName },
      {
        header: 'FITS',
        cell: ({ fits }) => ({
          text: fits ? 'yes' : 'no',
          style: fits ? ('green' as const) : ('red' as const),
        }),
      },
      {
        header: 'SCORE',
        align: 'right',
        cell: ({ score }) => (score === undefined ? '' : String(round(score))),
      },
      { header: 'WHY NOT', cell: ({ reasons }) => reasons.join('; ') },
    ],
    hosts,
  );
}

function round(score: number): number {
  return Math.round(score * 1000) / 1000;
}
