import { Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { client } from '../cluster/client.ts';
import { useText } from '../i18n/text.tsx';
import { Problem } from '../parts/problem.tsx';

/** What a drain would move, and where to, before it is done. */
export function DrainPlan({ node }: Readonly<{ node: string }>) {
  const t = useText();
  const { data, error } = useQuery({
    queryKey: ['drain-plan', node],
    queryFn: ({ signal }) => client.call('node.drain', { node, dryRun: true }, { signal }),
    gcTime: 0,
  });
  if (error !== null) return <Problem error={error} />;
  if (data === undefined)
    return (
      <div className="note" aria-busy="true">
        <Loader size="xs" /> {t('drain.planning')}
      </div>
    );
  const { waiting, stays } = data;
  if (waiting.length + stays.length === 0) return <p className="note">{t('drain.nothing')}</p>;
  return (
    <>
      {waiting.length > 0 && (
        <section aria-label={t('drain.moves', { n: waiting.length })}>
          <strong>{t('drain.moves', { n: waiting.length })}</strong>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys */}
          <ul className="moves" tabIndex={0}>
            {waiting.map(({ id, name, to }) => (
              <li key={id}>
                {name} <span className="note">{t('drain.to', { host: to })}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {stays.length > 0 && (
        <section aria-label={t('drain.stays', { n: stays.length })}>
          <strong>{t('drain.stays', { n: stays.length })}</strong>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys */}
          <ul className="moves" tabIndex={0}>
            {stays.map(({ id, name, reason }) => (
              <li key={id}>
                {name}
                <small>{reason}</small>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
