import { BerthError } from '../../../kit/errors.ts';
import type { TriggerAction } from '../../../model/trigger.ts';
import { command } from '../../command.ts';
import { serviceArgument, serviceRef } from '../../service-ref.ts';
import { clean } from '../../terminal/text.ts';
import { parseCount } from '../../values.ts';

type Flags = Readonly<{ redeploy?: boolean; scale?: boolean; name?: string; min?: number; max?: number }>;

export const triggerCreate = command<Flags, [service: string]>({
  name: 'trigger create',
  summary: 'Make a URL that redeploys a service, or changes its number of containers',
  details:
    'Whoever has the URL can do that one thing, without a log-in, by POST. It is printed this once; treat it as a ' +
    'password. A redeployment pulls the image anew and begins a release; scaling stays within the limits.',
  arguments: [serviceArgument],
  options: [
    { flags: '--redeploy', summary: 'pull the image anew and release it (default)' },
    { flags: '--scale', summary: 'more containers with &type=scale_out&step=N, fewer with scale_in' },
    { flags: '--name <NAME>', summary: 'what releases and histories call it', fallback: 'redeploy or scale' },
    {
      flags: '--min <N>',
      summary: 'fewest containers that it leaves',
      parse: parseCount(0, 10_000),
      fallback: '1',
    },
    {
      flags: '--max <N>',
      summary: 'most containers that it brings',
      parse: parseCount(1, 10_000),
      fallback: '10',
    },
  ],
  examples: [
    ['berth trigger create shop/web --name ci', 'for a pipeline that has pushed an image'],
    [
      'berth trigger create shop/web --scale --min 2 --max 20',
      'for a monitor that knows when more are needed',
    ],
  ],
  async run({ call, out, globals }, { name, ...flags }, service) {
    const made = await call('trigger.create', {
      ...serviceRef(service),
      action: actionOf(flags),
      ...(name === undefined ? {} : { name }),
    });
    if (globals.json) {
      out.json(made);
      return;
    }
    // The URL alone on standard output: it can be piped to where it is kept.
    out.line(clean(made.url));
    const { origin } = new URL(made.url);
    out.note(
      `for trigger ${clean(made.name)} of ${clean(service)}: curl -X POST --cacert ca.pem 'URL'; ` +
        `ca.pem is at ${clean(origin)}/v1/ca.pem`,
    );
  },
});

function actionOf({ redeploy, scale, min, max }: Omit<Flags, 'name'>): TriggerAction {
  if (redeploy === true && scale === true)
    throw new BerthError('bad_request', '--redeploy stands beside --scale: give the one or the other');
  if (scale === true) {
    const most = max ?? Math.max(10, min ?? 1);
    const least = min ?? 1;
    if (least > most)
      throw new BerthError('bad_request', `--min ${least} is more than --max ${most}`, {
        hint: 'lower the one or raise the other',
      });
    return { kind: 'scale', min: least, max: most };
  }
  if ((min ?? max) === undefined) return { kind: 'redeploy' };
  throw new BerthError('bad_request', `--${min === undefined ? 'max' : 'min'} is for a trigger that scales`, {
    hint: 'add --scale, or leave it out',
  });
}
