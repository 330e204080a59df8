import { Checkbox } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
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
    volumes:
      'Its volume stays, with what is in it, unless you choose it | Its {n} volumes stay, with what is in them, unless you choose them',
    delete: 'Delete volume {name}, too',
    lost: 'What is in it does not come back. It is deleted once the stack’s containers are gone: leave this page open until then. | What is in these {n} volumes does not come back. They are deleted once the stack’s containers are gone: leave this page open until then.',
    on: 'on {hosts}',
    nowhere: 'on no host yet',
  },
  {
    back: '将恢复发布 {n}：{image}，发布者 {by}，',
    same: '内容没有差别：不同的容器会重新创建。',
    changes: '随之变化的内容',
    'volumes.none': '它没有卷。',
    volumes: '除非在此选中，{n} 个卷及其中的数据会保留',
    delete: '同时删除卷 {name}',
    lost: '{n} 个卷中的数据无法恢复。应用栈的容器全部删除之后才会删除卷：在此之前请不要关闭本页面。',
    on: '在 {hosts} 上',
    nowhere: '还不在任何主机上',
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

type VolumesProps = Readonly<{
  stack: string;
  /** Hears which of them are to go, too. */
  onChoose(volumes: readonly string[]): void;
}>;

/** The volumes that are left when a stack goes, but for those that are chosen. */
export function StackVolumes({ stack, onChoose }: VolumesProps) {
  const w = useWords(words);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const choose = (name: string, isChosen: boolean) => {
    const next = new Set([...chosen].filter((one) => one !== name));
    if (isChosen) next.add(name);
    setChosen(next);
    onChoose([...next]);
  };
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
      <ul className="moves">
        {volumes.map(({ name, hostNames }) => (
          <li key={name}>
            <Checkbox
              label={<bdi>{w('delete', { name })}</bdi>}
              description={hostNames.length === 0 ? w('nowhere') : w('on', { hosts: hostNames.join(', ') })}
              checked={chosen.has(name)}
              onChange={({ currentTarget }) => choose(name, currentTarget.checked)}
            />
          </li>
        ))}
      </ul>
      <p className="note" role="status">
        {chosen.size > 0 && w('lost', { n: chosen.size })}
      </p>
    </section>
  );
}
