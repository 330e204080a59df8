import { useQuery } from '@tanstack/react-query';
import { client } from '../cluster/client.ts';
import { useWords, wordsOf } from '../i18n/text.tsx';
import { FieldChanges } from '../parts/field-changes.tsx';
import { Problem } from '../parts/problem.tsx';
import { Ago } from '../parts/time.tsx';
import { Waiting } from '../parts/waiting.tsx';

const words = wordsOf(
  {
    back: 'Release {n} comes back: {image}, of {by},',
    same: 'Nothing in it is different: its containers are made anew where they are others.',
    changes: 'What changes with it',
    'volumes.none': 'It has no volumes.',
    volumes: 'One volume stays, with what is in it | {n} volumes stay, with what is in them',
    on: 'on {hosts}',
    nowhere: 'on no host yet',
    how: '“berth volume rm” deletes them.',
  },
  {
    back: '将恢复发布 {n}：{image}，发布者 {by}，',
    same: '内容没有差别：不同的容器会重新创建。',
    changes: '随之变化的内容',
    'volumes.none': '它没有卷。',
    volumes: '{n} 个卷会保留，其中的数据也会保留',
    on: '在 {hosts} 上',
    nowhere: '还不在任何主机上',
    how: '可以用“berth volume rm”删除它们。',
  },
);

type PlanProps = Readonly<{ stack: string; service: string; to?: number }>;

/** What a rollback would bring back, before it is done. */
export function RollbackPlan({ stack, service, to }: PlanProps) {
  const w = useWords(words);
  const { data, error } = useQuery({
    queryKey: ['release.preview', stack, service, String(to ?? '')],
    queryFn: ({ signal }) =>
      client.call('release.preview', { stack, service, ...(to === undefined ? {} : { to }) }, { signal }),
    gcTime: 0,
  });
  if (error !== null) return <Problem error={error} />;
  if (data === undefined) return <Waiting />;
  const { number: n, image, by, at } = data.release;
  return (
    <section aria-label={w('changes')}>
      <p style={{ margin: '0 0 8px', overflowWrap: 'anywhere' }}>
        <strong>{w('back', { n, image, by })}</strong> <Ago at={at} />
      </p>
      {data.changes.length === 0 && <p className="note">{w('same')}</p>}
      {data.changes.length > 0 && <FieldChanges label={w('changes')} changes={data.changes} />}
    </section>
  );
}

/** The volumes that are left when a stack goes. */
export function StackVolumes({ stack }: Readonly<{ stack: string }>) {
  const w = useWords(words);
  const { data, error } = useQuery({
    queryKey: ['stack-volumes', stack],
    queryFn: ({ signal }) => client.call('volume.list', { stack }, { signal }),
    gcTime: 0,
  });
  if (error !== null) return <Problem error={error} />;
  if (data === undefined) return <Waiting />;
  const { volumes } = data;
  if (volumes.length === 0) return <p className="note">{w('volumes.none')}</p>;
  const label = w('volumes', { n: volumes.length });
  return (
    <section aria-label={label}>
      <strong>{label}</strong>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys */}
      <ul className="moves" tabIndex={0}>
        {volumes.map(({ name, hostNames }) => (
          <li key={name}>
            <bdi>{name}</bdi>{' '}
            <span className="note">
              {hostNames.length === 0 ? w('nowhere') : w('on', { hosts: hostNames.join(', ') })}
            </span>
          </li>
        ))}
      </ul>
      <p className="note">{w('how')}</p>
    </section>
  );
}
