import { Button, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { HostUsage } from '../../../../src/contract/v1/images.ts';
import { client } from '../../cluster/client.ts';
import { useLanguage, useWords } from '../../i18n/text.tsx';
import { bytesText } from '../../parts/format.ts';
import { Problem } from '../../parts/problem.tsx';
import { words } from './words.ts';

const KINDS = ['images', 'containers', 'volumes', 'buildCache'] as const;

/** Asked for by hand alone, and kept while the page is open: engines read their disks for it. */
export function useDiskUsage() {
  return useQuery({
    queryKey: ['disk-usage'],
    queryFn: ({ signal }) => client.call('disk.usage', undefined, { signal }),
    enabled: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** What Docker uses of each host's disk. */
export function DiskUsage() {
  const w = useWords(words);
  const { data, error, isFetching, refetch } = useDiskUsage();
  return (
    <section className="card disk" aria-labelledby="disk">
      <div className="card-body disk-head">
        <div>
          <h2 id="disk">{w('disk')}</h2>
          <p className="note">{w('diskHint')}</p>
        </div>
        <Button variant="default" loading={isFetching} onClick={() => void refetch()}>
          {data === undefined ? w('measure') : w('measureAgain')}
        </Button>
      </div>
      <div role="status">
        {isFetching && (
          <p className="note disk-note">
            <Loader size="xs" aria-hidden="true" /> {w('measuring')}
          </p>
        )}
      </div>
      {error !== null && <Problem error={error} />}
      {data?.warnings.map((warning) => (
        <p key={warning} className="note disk-note" dir="auto">
          {warning}
        </p>
      ))}
      {data !== undefined && data.hosts.length > 0 && <Table hosts={data.hosts} />}
    </section>
  );
}

function Table({ hosts }: Readonly<{ hosts: readonly HostUsage[] }>) {
  const w = useWords(words);
  const all = hosts.length > 1 ? [total(hosts, w('all'))] : [];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys
    <section className="disk-scroll" aria-label={w('disk')} tabIndex={0}>
      <table className="disk-table">
        <thead>
          <tr>
            <th scope="col">{w('host')}</th>
            {KINDS.map((kind) => (
              <th key={kind} scope="col">
                {w(kind)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[...hosts, ...all].map((host) => (
            <tr key={host.name}>
              <th scope="row">{host.name}</th>
              {KINDS.map((kind) => (
                <td key={kind}>
                  <Amount {...host[kind]} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Amount({ count, bytes, reclaimable }: HostUsage['images']) {
  const w = useWords(words);
  const { language } = useLanguage();
  return (
    <>
      {bytesText(bytes, language)} <span className="note">({count})</span>
      {reclaimable > 0 && (
        <div className="note">{w('reclaimable', { bytes: bytesText(reclaimable, language) })}</div>
      )}
    </>
  );
}

function total(hosts: readonly HostUsage[], name: string): HostUsage {
  const sum = (kind: (typeof KINDS)[number]) => {
    const add = (field: 'count' | 'bytes' | 'reclaimable') =>
      hosts.reduce((all, host) => all + host[kind][field], 0);
    return { count: add('count'), bytes: add('bytes'), reclaimable: add('reclaimable') };
  };
  return {
    name,
    ...{ images: sum('images'), containers: sum('containers') },
    ...{ volumes: sum('volumes'), buildCache: sum('buildCache') },
  };
}
