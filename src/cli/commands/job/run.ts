import { BerthError } from '../../../kit/errors.ts';
import { command } from '../../command.ts';
import { followOptions } from '../../follow-options.ts';
import type { FollowFlags } from '../../follow-stack.ts';
import { serviceArgument, serviceRef } from '../../service-ref.ts';
import { clean } from '../../terminal/text.ts';

const POLL_MS = 300;

export const jobRun = command<FollowFlags, [service: string]>({
  name: 'job run',
  summary: 'Run a job now, beside its times',
  details: 'Waits for its end. Exit code 4 where it did not end well; Ctrl-C ends the waiting, not the run.',
  arguments: [serviceArgument],
  options: [...followOptions],
  examples: [['berth job run shop/backup', 'its output is in "berth service logs shop/backup"']],
  async run({ call, clock, interrupt, globals, out }, { detach, timeout }, service) {
    const ref = serviceRef(service);
    let run = await call('job.run', ref);
    const until = timeout === undefined ? undefined : clock.now() + timeout * 1000;
    let told = '';
    while (detach !== true && (run.state === 'starting' || run.state === 'running')) {
      const text = run.reason === '' ? run.state : `${run.state} (${run.reason})`;
      if (text !== told) out.note(`run ${run.number}: ${clean(text)}`);
      told = text;
      if (until !== undefined && clock.now() >= until)
        throw new BerthError('timeout', `run ${run.number} of ${service} has not ended after ${timeout} s`, {
          hint: `it goes on all the same: "berth job history ${service}" shows how it ends`,
        });
      await clock.sleep(POLL_MS, interrupt);
      const { number } = run;
      const found = (await call('job.history', ref)).runs.find((one) => one.number === number);
      if (found === undefined) throw new BerthError('not_found', `run ${number} of ${service} is no more`);
      run = found;
    }
    if (globals.json) out.json(run);
    else out.line(`run ${run.number} of ${clean(service)} ${detach === true ? 'is asked for' : run.state}`);
    if (detach === true || run.state === 'succeeded') return;
    throw new BerthError('conflict', `run ${run.number} of ${service} ${run.state}: ${run.reason}`, {
      hint: `"berth service logs ${service}" shows what it has written`,
    });
  },
});
