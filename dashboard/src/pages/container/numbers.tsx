import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import type { ContainerStats, ContainerView } from '../../../../src/contract/v1/containers.ts';
import { client } from '../../cluster/client.ts';
import { usePicture } from '../../cluster/use-cluster.tsx';
import { useLanguage, useWords } from '../../i18n/text.tsx';
import { bytesText } from '../../parts/format.ts';
import { type Rates, ratesOf } from './rates.ts';
import './container.css';
import { containerWords } from './words.ts';

/** Between two readings, milliseconds. */
const EVERY_MS = 2500;

/** What a container uses now, as `docker stats` shows it. */
export function Numbers({ container: { id, state, startedAt } }: Readonly<{ container: ContainerView }>) {
  const w = useWords(containerWords);
  const { language } = useLanguage();
  const { connection, isSeen } = usePicture();
  const before = useRef<ContainerStats>(undefined);
  const isRead = state === 'running' && connection.state === 'live' && isSeen;
  const { data } = useQuery({
    queryKey: ['stats', id, String(startedAt)],
    queryFn: async ({ signal }): Promise<{ now: ContainerStats; rates: Rates | undefined }> => {
      const now = await client.call('container.stats', { container: id }, { signal });
      const rates = ratesOf(before.current, now);
      before.current = now;
      return { now, rates };
    },
    enabled: isRead,
    refetchInterval: EVERY_MS,
    retry: false,
    gcTime: 0,
  });
  if (state !== 'running' || data === undefined) return null;
  const { now, rates } = data;
  const cores = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  const pair = (a: number | undefined, b: number | undefined) =>
    a === undefined || b === undefined
      ? w('unknown')
      : w('perSecond', { a: bytesText(a, language), b: bytesText(b, language) });
  return (
    <dl className="numbers" aria-label={w('numbers')}>
      <div>
        <dt>{w('cpu')}</dt>
        <dd>{rates === undefined ? w('unknown') : w('cores', { n: cores.format(rates.cores) })}</dd>
      </div>
      <div>
        <dt>{w('memory')}</dt>
        <dd>
          {bytesText(now.memory, language)}{' '}
          {now.memoryLimit > 0 && <small>{w('of', { limit: bytesText(now.memoryLimit, language) })}</small>}
        </dd>
      </div>
      <div>
        <dt>{w('network')}</dt>
        <dd>{pair(rates?.received, rates?.sent)}</dd>
      </div>
      <div>
        <dt>{w('disk')}</dt>
        <dd>{pair(rates?.read, rates?.written)}</dd>
      </div>
      <div>
        <dt>{w('processes')}</dt>
        <dd>{now.processes}</dd>
      </div>
    </dl>
  );
}
