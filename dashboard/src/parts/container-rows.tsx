import { Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import type { ContainerView } from '../../../src/contract/v1/containers.ts';
import type { Node } from '../../../src/contract/v1/nodes.ts';
import type { TopContainer } from '../../../src/contract/v1/top.ts';
import { LazyActionMenu } from '../actions/action-menu.tsx';
import { containerActions, rareContainerActions } from '../actions/container-actions.ts';
import { shownState } from '../cluster/use-cluster.tsx';
import { useLanguage, useText, useWords, wordsOf } from '../i18n/text.tsx';
import { bytesText, coresText, portsText } from './format.ts';
import { Maker } from './maker.tsx';
import { State } from './state.tsx';
import { Ago } from './time.tsx';
import { VirtualRows } from './virtual-rows.tsx';

const words = wordsOf(
  {
    more: 'What to do with {name}',
    select: 'Select {name}',
    selectAll: 'Select all that are listed',
    cpu: 'CPU',
    memory: 'Memory',
    cores: '{n} cores now',
    coresOf: '{n} of {limit} cores now',
    bytes: '{size} now',
    bytesOf: '{size} of {limit} now',
  },
  {
    more: '对 {name} 的操作',
    select: '选择 {name}',
    selectAll: '选择列表中的全部容器',
    cpu: 'CPU',
    memory: '内存',
    cores: '当前 {n} 核',
    coresOf: '当前 {n} 核，上限 {limit} 核',
    bytes: '当前 {size}',
    bytesOf: '当前 {size}，上限 {limit}',
  },
);

/** Which rows are selected, and how that changes. */
export type Selecting = Readonly<{
  selected: ReadonlySet<string>;
  isAll: boolean;
  /** @param isRange also what is between it and the one before */
  onSelect(id: string, isOn: boolean, isRange: boolean): void;
  onSelectAll(isOn: boolean): void;
}>;

/** What containers use now, and by what of it they are sorted. */
export type Using = Readonly<{
  usage: ReadonlyMap<string, TopContainer>;
  sort: UsageOrder | '';
  onSort(by: UsageOrder | ''): void;
  /** Rows of which it is to be known. */
  onShown(rows: readonly ContainerView[]): void;
}>;
export const USAGE_ORDERS = ['cpu', 'memory'] as const;
export type UsageOrder = (typeof USAGE_ORDERS)[number];

type Props = Readonly<{
  label: string;
  containers: readonly ContainerView[];
  nodes: ReadonlyMap<string, Node>;
  /** The page is of one host. */
  hideHost?: boolean;
  maxHeight: string;
  /** Rows can be selected. */
  selecting?: Selecting;
  using?: Using;
}>;

/** A list of containers, however long. */
export function ContainerRows({
  label,
  containers,
  nodes,
  hideHost = false,
  maxHeight,
  selecting,
  using,
}: Props) {
  const t = useText();
  const w = useWords(words);
  const { language } = useLanguage();
  const host = hideHost ? [] : ['minmax(70px, 1fr)'];
  // A telephone has room for one more column: that by which they are sorted, in place of the host.
  const isSorted = using !== undefined && using.sort !== '';
  const check = selecting === undefined ? [] : ['24px'];
  const used = using === undefined ? [] : ['84px', '84px'];
  const before = [
    ...[...check, 'minmax(160px, 2fr)', 'minmax(140px, 1.2fr)', 'minmax(110px, 2fr)', ...host],
    ...[...used, 'minmax(110px, 1.2fr)'],
  ];
  const usageCells = (figures: TopContainer | undefined) => {
    const { cpu = null, memory = null, coreLimit = null, memoryLimit = null } = figures ?? {};
    const cores = (value: number) => coresText(value * 1000, language);
    const bytes = (value: number) => bytesText(value, language);
    const cpuTitle =
      cpu === null
        ? ''
        : coreLimit
          ? w('coresOf', { n: cores(cpu), limit: cores(coreLimit) })
          : w('cores', { n: cores(cpu) });
    const memoryTitle =
      memory === null
        ? ''
        : memoryLimit
          ? w('bytesOf', { size: bytes(memory), limit: bytes(memoryLimit) })
          : w('bytes', { size: bytes(memory) });
    return [
      <span key="cpu" title={cpuTitle}>
        {cpu === null ? '–' : cores(cpu)}
      </span>,
      <span key="memory" title={memoryTitle}>
        {memory === null ? '–' : bytes(memory)}
      </span>,
    ];
  };
  return (
    <VirtualRows
      label={label}
      rows={containers}
      rowHeight={44}
      maxHeight={maxHeight}
      columns={[...before, '112px', '34px'].join(' ')}
      middle={[...before, ...(using === undefined ? ['112px'] : []), '34px'].join(' ')}
      narrow={[
        ...check,
        ...(hideHost
          ? ['1.6fr', '1fr', ...(isSorted ? ['0.7fr'] : [])]
          : ['1.3fr', '1.25fr', isSorted ? '0.8fr' : '0.5fr']),
        '34px',
      ].join(' ')}
      {...(using === undefined ? {} : { onShown: using.onShown })}
      heads={[
        ...(selecting === undefined
          ? []
          : [{ text: w('selectAll'), shown: <SelectAll key="all" label={w('selectAll')} {...selecting} /> }]),
        {
          text: t('containers.name'),
          ...(using === undefined ? {} : { sort: nameSort(using) }),
        },
        { text: t('containers.state') },
        { text: t('containers.image'), wide: true },
        ...(hideHost ? [] : [{ text: t('containers.host'), wide: isSorted }]),
        ...(using === undefined ? [] : USAGE_ORDERS.map((by) => usageHead(by, w(by), using))),
        { text: t('containers.ports'), wide: true },
        { text: t('containers.created'), wide: using === undefined ? true : 'widest' },
        { text: '' },
      ]}
      render={(one) => [
        ...(selecting === undefined
          ? []
          : [<Select key="select" label={w('select', { name: one.name })} id={one.id} {...selecting} />]),
        <Name key="name" container={one} />,
        <State key="state" state={shownState(one, nodes)} health={one.health} />,
        <span key="image" title={one.image}>
          {one.image}
        </span>,
        ...(hideHost
          ? []
          : [
              <Link key="host" className="quiet" to="/hosts/$host" params={{ host: one.hostName }}>
                {one.hostName}
              </Link>,
            ]),
        ...(using === undefined ? [] : usageCells(using.usage.get(one.id))),
        <span key="ports" className="mono" title={portsText(one.ports)}>
          {portsText(one.ports)}
        </span>,
        <Ago key="created" at={one.createdAt} />,
        <LazyActionMenu
          key="more"
          label={w('more', { name: one.name })}
          itemsOf={() => {
            const host = nodes.get(one.hostId);
            return [...containerActions(one, t, host), ...rareContainerActions(one, t, host)];
          }}
        />,
      ]}
    />
  );
}

function nameSort({ sort, onSort }: Using) {
  return { is: sort === '' ? 'ascending' : 'none', onSort: () => onSort('') } as const;
}

/** What uses most is first; once more, and it is the order of names again. */
function usageHead(by: UsageOrder, text: string, { sort, onSort }: Using) {
  const is = sort === by;
  return {
    ...{ text, wide: !is },
    sort: { is: is ? 'descending' : 'none', onSort: () => onSort(is ? '' : by) },
  } as const;
}

function Select({ label, id, selected, onSelect }: Selecting & Readonly<{ label: string; id: string }>) {
  return (
    <label className="row-check">
      <input
        type="checkbox"
        aria-label={label}
        checked={selected.has(id)}
        onChange={({ currentTarget, nativeEvent }) =>
          onSelect(id, currentTarget.checked, nativeEvent instanceof MouseEvent && nativeEvent.shiftKey)
        }
      />
    </label>
  );
}

function SelectAll({ label, selected, isAll, onSelectAll }: Selecting & Readonly<{ label: string }>) {
  const box = useRef<HTMLInputElement>(null);
  const isSome = !isAll && selected.size > 0;
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = isSome;
  }, [isSome]);
  return (
    <label className="row-check">
      <input
        ref={box}
        type="checkbox"
        aria-label={label}
        checked={isAll}
        onChange={({ currentTarget }) => onSelectAll(currentTarget.checked)}
      />
    </label>
  );
}

function Name({ container }: Readonly<{ container: ContainerView }>) {
  const { id, name } = container;
  return (
    <span className="named">
      <Link to="/containers/$container" params={{ container: id }} title={name}>
        <bdi>{name}</bdi>
      </Link>
      <Maker container={container} />
    </span>
  );
}
