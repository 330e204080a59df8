import { Button, Menu, NativeSelect, TextInput } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { Fragment, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import type { AuditEntry } from '../../../../src/contract/v1/cluster.ts';
import { useTitle } from '../../app/shell.tsx';
import { useToasts } from '../../app/toasts.tsx';
import { client } from '../../cluster/client.ts';
import { useLanguage, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Needs } from '../../parts/needs.tsx';
import { Problem } from '../../parts/problem.tsx';
import { problemToast } from '../../parts/problem-text.ts';
import { saveFile } from '../../parts/save-file.ts';
import { Moment, ShortMoment } from '../../parts/time.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import {
  type AuditFilter,
  auditCommand,
  CSV_HEAD,
  entriesOf,
  entryCsv,
  entryJson,
  queryOf,
} from './audit-query.ts';
import { words } from './words.ts';

const route = getRouteApi('/audit');
const PAGE = 200;
const VIAS = ['socket', 'docker', 'api', 'agent', 'system'] as const;

/** Who did what, when, and what came of it. */
export function AuditPage() {
  const w = useWords(words);
  useTitle(w('title'));
  return (
    <Needs least="admin" title={w('title')}>
      <Audit />
    </Needs>
  );
}

function Audit() {
  const w = useWords(words);
  const search: AuditFilter = route.useSearch();
  const navigate = useNavigate();
  const filter = useDeferredValue(search);
  const asked = queryOf(filter);
  const { data, error, hasNextPage, isFetching, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ['audit', JSON.stringify(asked)],
    queryFn: ({ pageParam, signal }) =>
      client.call('audit.list', { ...asked, limit: PAGE, cursor: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
  });
  const entries = useMemo(() => data?.pages.flatMap((page) => page.entries), [data]);
  const change = (part: AuditFilter) => {
    const all = Object.entries({ ...search, ...part }).filter(([, value]) => value !== '');
    void navigate({ to: '/audit', search: Object.fromEntries(all), replace: true });
  };
  const isFiltered = Object.keys(search).length > 0;
  const text = (key: 'user' | 'action' | 'target', placeholder: string) => (
    <TextInput
      aria-label={w(key)}
      placeholder={placeholder}
      value={search[key] ?? ''}
      onChange={(event) => change({ [key]: event.currentTarget.value })}
      maxLength={key === 'target' ? 256 : 64}
      spellCheck={false}
    />
  );
  return (
    <>
      <div className="head">
        <h1>{w('title')}</h1>
        <span className="note" role="status">
          {entries !== undefined && w('count', { n: entries.length })}
        </span>
        <div className="head-side">
          <Button
            variant="default"
            loading={isFetching && entries !== undefined}
            onClick={() => void refetch()}
          >
            {w('fresh')}
          </Button>
          <Download filter={filter} />
          <CopyAs way={{ cli: auditCommand(search), route: 'audit.list', input: { ...asked } }} />
        </div>
      </div>
      <div className="filters">
        {text('target', w('target'))}
        {text('user', w('user'))}
        {text('action', `${w('action')}: ${w('action.hint')}`)}
        <NativeSelect
          aria-label={w('result')}
          value={search.result ?? ''}
          onChange={(event) => change({ result: event.currentTarget.value })}
          data={[
            { value: '', label: w('result.all') },
            ...(['ok', 'failed'] as const).map((value) => ({ value, label: w(`result.${value}`) })),
          ]}
        />
        {(['since', 'until'] as const).map((key) => (
          <TextInput
            key={key}
            type="datetime-local"
            aria-label={w(key)}
            leftSection={<span className="note">{w(key)}</span>}
            leftSectionWidth={76}
            value={search[key] ?? ''}
            onChange={(event) => change({ [key]: event.currentTarget.value })}
          />
        ))}
      </div>
      {error !== null && <Problem error={error} />}
      <div className="card rows">
        {entries === undefined && error === null && <Waiting />}
        {entries !== undefined && entries.length > 0 && <Rows entries={entries} />}
        {entries?.length === 0 && !isFiltered && <Empty title={w('none')} hint={w('none.hint')} />}
        {entries?.length === 0 && isFiltered && (
          <Empty title={w('noMatch')} hint={w('noMatch.hint')}>
            <Button
              variant="default"
              onClick={() => void navigate({ to: '/audit', search: {}, replace: true })}
            >
              {w('clear')}
            </Button>
          </Empty>
        )}
      </div>
      {hasNextPage && (
        <Button variant="default" mt="sm" loading={isFetching} onClick={() => void fetchNextPage()}>
          {w('more')}
        </Button>
      )}
    </>
  );
}

function Rows({ entries }: Readonly<{ entries: readonly AuditEntry[] }>) {
  const w = useWords(words);
  const viaText = (via: string) => {
    const known = VIAS.find((one) => one === via);
    return known === undefined ? via : w(`via.${known}`);
  };
  return (
    <VirtualRows
      label={w('title')}
      rows={entries}
      rowHeight={40}
      maxHeight="calc(100dvh - 270px)"
      columns="176px 72px minmax(104px, 1.4fr) minmax(84px, 1.6fr) minmax(72px, 1.2fr) minmax(72px, 0.9fr) 104px"
      narrow="66px minmax(0, 0.7fr) minmax(0, 1.5fr) minmax(0, 1.1fr) 12px"
      heads={[
        { text: w('time') },
        { text: w('user') },
        { text: w('action') },
        { text: w('target') },
        { text: w('result') },
        { text: w('via'), wide: true },
        { text: w('from'), wide: true },
      ]}
      render={({ at, user, action, target, outcome, via, from }) => [
        <Fragment key="time">
          <span className="wide">
            <Moment at={at} />
          </span>
          <span className="narrow figures">
            <ShortMoment at={at} />
          </span>
        </Fragment>,
        <bdi key="user" title={user}>
          {user}
        </bdi>,
        <code key="action" title={action}>
          {action}
        </code>,
        <bdi key="target" title={target}>
          {target}
        </bdi>,
        <span key="outcome" className={`state tone-${outcome === 'ok' ? 'good' : 'bad'}`} title={outcome}>
          {outcome === 'ok' ? w('result.ok') : outcome}
        </span>,
        <span key="via" title={viaText(via)}>
          {viaText(via)}
        </span>,
        <span key="from" className="mono" title={from}>
          {from}
        </span>,
      ]}
    />
  );
}

/** All that the filter lets through, however many pages that is. */
function Download({ filter }: Readonly<{ filter: AuditFilter }>) {
  const w = useWords(words);
  const { language } = useLanguage();
  const { show } = useToasts();
  const [count, setCount] = useState<number>();
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(new Error('the page is left')), []);
  const run = async (kind: 'csv' | 'lines') => {
    const stop = new AbortController();
    running.current = stop;
    setCount(0);
    // With a mark by which Excel takes it for UTF-8.
    const parts = kind === 'csv' ? [`\ufeff${CSV_HEAD}`] : [];
    try {
      for await (const entries of entriesOf(filter, stop.signal)) {
        parts.push(entries.map(kind === 'csv' ? entryCsv : entryJson).join(''));
        setCount((before = 0) => before + entries.length);
      }
      const name = `berth-audit-${new Date().toISOString().slice(0, 10)}`;
      if (kind === 'csv') saveFile(`${name}.csv`, 'text/csv', parts);
      else saveFile(`${name}.jsonl`, 'application/x-ndjson', parts);
    } catch (thrown) {
      if (!stop.signal.aborted) show(problemToast(thrown, language));
    } finally {
      setCount(undefined);
    }
  };
  if (count !== undefined)
    return (
      <Button
        variant="default"
        onClick={() => running.current?.abort(new Error('it is not wanted any more'))}
      >
        {w('reading', { n: count })} · {w('stop')}
      </Button>
    );
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<Icon name="download" size={16} />}>
          {w('download')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {(['csv', 'lines'] as const).map((kind) => (
          <Menu.Item key={kind} onClick={() => void run(kind)}>
            {w(kind)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
