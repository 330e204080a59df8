import type { JobRunView } from '../../../../src/contract/v1/jobs.ts';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useLanguage, useWords, wordsOf } from '../../i18n/text.tsx';
import { spanText } from '../../parts/format.ts';
import { Problem } from '../../parts/problem.tsx';
import type { Tone } from '../../parts/state.tsx';
import { Ago, Moment } from '../../parts/time.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import './table.css';

const words = wordsOf(
  {
    title: 'Runs',
    next: 'Next: {when}',
    never: 'It runs at no time any more.',
    none: 'It has not run yet. “Run now” runs it beside its times.',
    run: 'Run',
    state: 'State',
    when: 'When',
    took: 'Took',
    exit: 'Exit code',
    host: 'Host',
    why: 'Why',
    by: 'by {by}',
    times: '{n} times',
    'state.starting': 'starting',
    'state.running': 'running',
    'state.succeeded': 'succeeded',
    'state.failed': 'failed',
    'state.timed-out': 'took too long',
    'state.replaced': 'replaced by the next one',
    'state.skipped': 'left out: another one went on',
    'state.missed': 'missed',
  },
  {
    title: '运行记录',
    next: '下次：{when}',
    never: '它不再定时运行。',
    none: '还没有运行过。“立即运行”可以在定时之外运行一次。',
    run: '编号',
    state: '状态',
    when: '时间',
    took: '用时',
    exit: '退出码',
    host: '主机',
    why: '原因',
    by: '{by}',
    times: '{n} 次',
    'state.starting': '正在启动',
    'state.running': '运行中',
    'state.succeeded': '成功',
    'state.failed': '失败',
    'state.timed-out': '超时',
    'state.replaced': '被下一次取代',
    'state.skipped': '跳过：上一次仍在运行',
    'state.missed': '错过',
  },
);

const TONES: Readonly<Record<JobRunView['state'], Tone>> = {
  ...{ starting: 'busy', running: 'busy', succeeded: 'good', failed: 'bad' },
  ...{ 'timed-out': 'bad', replaced: 'idle', skipped: 'idle', missed: 'bad' },
} as const;

type Props = Readonly<{ stack: string; service: string }>;

/** The runs of a job that has times, the newest first. */
export function Runs({ stack, service }: Props) {
  const w = useWords(words);
  const said = useSaid();
  const { language } = useLanguage();
  const { data, error } = useLiveQuery(['job.history', stack, service], (signal) =>
    client.call('job.history', { stack, service }, { signal }),
  );
  const jobs = useLiveQuery(['jobs'], (signal) => client.call('job.list', undefined, { signal }));
  const job = jobs.data?.jobs.find((one) => one.stack === stack && one.service === service);
  const [before, after] = w('next', { when: '\0' }).split('\0');
  return (
    <section className="card card-body release" aria-labelledby="runs">
      <h2 id="runs">{w('title')}</h2>
      {job !== undefined && (
        <p className="note">
          {job.nextAt === null ? (
            w('never')
          ) : (
            <>
              {before}
              <Moment at={job.nextAt} />
              {after}
            </>
          )}
        </p>
      )}
      {data === undefined && (error === null ? <Waiting /> : <Problem error={error} />)}
      {data?.runs.length === 0 && <p className="note">{w('none')}</p>}
      {data !== undefined && data.runs.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys
        <div className="table" tabIndex={0} role="group" aria-labelledby="runs">
          <table>
            <thead>
              <tr>
                {(['run', 'state', 'when', 'took', 'exit', 'host', 'why'] as const).map((head) => (
                  <th key={head} scope="col">
                    {w(head)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {data.runs.map(
                ({ number, state, dueAt, by, startedAt, endedAt, exitCode, hostName, reason, count }) => (
                  <tr key={number}>
                    <th scope="row">{number}</th>
                    <td>
                      <span className={`state tone-${TONES[state]}`}>{w(`state.${state}`)}</span>
                      {count !== undefined && count > 1 && ` ${w('times', { n: count })}`}
                    </td>
                    <td>
                      <Ago at={dueAt} /> {by !== undefined && <bdi>{w('by', { by })}</bdi>}
                    </td>
                    <td>
                      {startedAt !== undefined && endedAt !== undefined
                        ? spanText(Math.max(0, endedAt - startedAt), language)
                        : ''}
                    </td>
                    <td>{exitCode}</td>
                    <td>{hostName}</td>
                    <td>{said(reason)}</td>
                  </tr>
                ),
              )}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
