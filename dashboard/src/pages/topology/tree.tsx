import { type KeyboardEvent, memo, useEffect, useMemo, useRef, useState } from 'react';
import type { Node } from '../../../../src/contract/v1/nodes.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { stateText, toneOf } from '../../parts/state.tsx';
import { type Domain, figuresOf, hostsIn, shareOf, wayTo } from './domains.ts';
import type { Marked } from './scene.ts';
import { nameOf } from './texts.ts';
import { type TreeRow, treeRows } from './tree-rows.ts';
import { words } from './words.ts';

type Props = Readonly<{
  root: Domain;
  chosen: Marked;
  /** Chosen by a click or by the keys. */
  onChoose(marked: Marked): void;
  /** Opened: to be shown large. */
  onOpen(marked: Marked): void;
}>;

/** More hosts than these are not all listed at once. */
const OPEN_ALL = 60;

/** The map as a list, with the same figures: domains and the hosts in them (WAI-ARIA's tree, by its keys). */
export function HostTree({ root, chosen, onChoose, onOpen }: Props) {
  const w = useWords(words);
  const [closed, setClosed] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [focused, setFocused] = useState<string>();
  const [shown, setShown] = useState<string>();
  const holder = useRef<HTMLDivElement>(null);
  const latest = useRef({ onChoose, onOpen });
  useEffect(() => {
    latest.current = { onChoose, onOpen };
  }, [onChoose, onOpen]);
  // Who is chosen on the map is to be seen in the list: once, so that the keys can leave it again.
  if (chosen.host !== shown) {
    setShown(chosen.host);
    if (chosen.host !== undefined) {
      const way = wayTo(root, ({ hosts }) => hosts.some(({ id }) => id === chosen.host));
      setClosed(new Map([...closed, ...way.map(({ key }) => [key, false] as const)]));
      setFocused(chosen.host);
    }
  }
  const areMany = hostsIn(root).length > OPEN_ALL;
  const isOpen = (domain: Domain, level: number) => !(closed.get(domain.key) ?? (areMany && level > 0));
  const rows = treeRows(root, isOpen);
  const chosenId = chosen.host ?? chosen.domain;
  const at = Math.max(
    0,
    rows.findIndex(({ id }) => id === (focused ?? chosenId)),
  );

  useEffect(() => {
    if (focused === undefined) return;
    const row = holder.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(focused)}"]`);
    if (row === null || row === undefined || holder.current === null) return;
    // The list alone: the page stays where it is.
    const [list, own] = [holder.current.getBoundingClientRect(), row.getBoundingClientRect()];
    holder.current.scrollTop += Math.min(0, own.top - list.top) + Math.max(0, own.bottom - list.bottom);
  }, [focused]);

  const open = (row: TreeRow, isTo: boolean) => {
    if (row.domain !== undefined) setClosed(new Map([...closed, [row.domain.key, !isTo]]));
  };
  const focus = (row: TreeRow | undefined) => {
    if (row === undefined) return;
    setFocused(row.id);
    holder.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(row.id)}"]`)?.focus();
  };
  /** False: the key is none of the tree's. */
  const act = (key: string, row: TreeRow): boolean => {
    if (key === 'ArrowDown') focus(rows[at + 1]);
    else if (key === 'ArrowUp') focus(rows[at - 1]);
    else if (key === 'Home') focus(rows[0]);
    else if (key === 'End') focus(rows.at(-1));
    else if (key === 'Enter') onOpen(row.marked);
    else if (key === ' ') onChoose(row.marked);
    else if (key === 'ArrowRight' && row.isOpen === false) open(row, true);
    else if (key === 'ArrowRight') focus(rows[at + 1]);
    else if (key === 'ArrowLeft' && row.isOpen === true) open(row, false);
    else if (key === 'ArrowLeft') focus(rows.slice(0, at).findLast(({ level }) => level < row.level));
    else return false;
    return true;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows[at];
    if (row === undefined) return;
    if (event.ctrlKey || event.altKey || event.metaKey || !act(event.key, row)) return;
    event.preventDefault();
  };
  return (
    <div ref={holder} role="tree" aria-label={w('tree')} className="topo-tree" onKeyDown={onKeyDown}>
      {rows.map((row, i) => (
        <Row
          key={row.id}
          row={row}
          isChosen={row.id === chosenId}
          isStop={i === at}
          onClick={() => {
            setFocused(row.id);
            latest.current.onChoose(row.marked);
          }}
          onDoubleClick={() => latest.current.onOpen(row.marked)}
          onToggle={() => open(row, row.isOpen === false)}
        />
      ))}
    </div>
  );
}

type RowProps = Readonly<{
  row: TreeRow;
  isChosen: boolean;
  /** Tab comes to it. */
  isStop: boolean;
  onClick(): void;
  onDoubleClick(): void;
  onToggle(): void;
}>;

const Row = memo(DrawnRow, (a, b) => {
  const isSame = a.row.node !== undefined && a.row.node === b.row.node;
  const isAtPlace = a.row.place === b.row.place && a.row.of === b.row.of && a.row.level === b.row.level;
  return isSame && isAtPlace && a.isChosen === b.isChosen && a.isStop === b.isStop;
});

function DrawnRow({ row, isChosen, isStop, onClick, onDoubleClick, onToggle }: RowProps) {
  const w = useWords(words);
  const { domain, node, level, isOpen, of, place } = row;
  const name = domain === undefined ? (node?.name ?? '') : nameOf(domain, w);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the tree's
    <div
      role="treeitem"
      aria-level={level + 1}
      aria-setsize={of}
      aria-posinset={place}
      aria-selected={isChosen}
      {...(isOpen === undefined ? {} : { 'aria-expanded': isOpen })}
      tabIndex={isStop ? 0 : -1}
      data-row={row.id}
      className="topo-row"
      style={{ paddingLeft: 8 + 16 * level }}
      onClick={onClick}
      onDoubleClick={onDoubleClick}
    >
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the arrow keys do it */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the arrow keys do it */}
      <span
        className={`topo-twist${isOpen === undefined ? '' : isOpen ? ' open' : ' closed'}`}
        onClick={(event) => {
          event.stopPropagation();
          onToggle();
        }}
      />
      {node !== undefined && <HostText node={node} />}
      {domain !== undefined && <DomainText domain={domain} name={name} />}
    </div>
  );
}

function DomainText({ domain, name }: Readonly<{ domain: Domain; name: string }>) {
  const w = useWords(words);
  const figures = useMemo(() => figuresOf(hostsIn(domain)), [domain]);
  return (
    <>
      <strong title={name}>
        <bdi>{name}</bdi>
      </strong>
      <small>
        {figures.ready === figures.hosts
          ? w('hosts', { n: figures.hosts })
          : w('ready', { ready: figures.ready, all: figures.hosts })}{' '}
        · {w('containers', { n: figures.containers })} · <Shares {...figures} />
      </small>
    </>
  );
}

function HostText({ node }: Readonly<{ node: Node }>) {
  const t = useText();
  const w = useWords(words);
  const { name, state, cordoned, containers } = node;
  const figures = figuresOf([node]);
  return (
    <>
      <span className={`state tone-${toneOf(state)}`} title={name}>
        <bdi>{name}</bdi>
      </span>
      <small>
        {state !== 'ready' && `${stateText(t, state)} · `}
        {cordoned && `${t('hosts.cordoned')} · `}
        {w('containers', { n: containers.managed + containers.unmanaged })} · <Shares {...figures} />
      </small>
    </>
  );
}

function Shares({ reserved, capacity }: Pick<ReturnType<typeof figuresOf>, 'reserved' | 'capacity'>) {
  const w = useWords(words);
  const percent = (kind: 'cpuMilli' | 'memory') => Math.round(100 * shareOf(reserved[kind], capacity[kind]));
  return (
    <>
      {w('cpu', { n: percent('cpuMilli') })}, {w('memory', { n: percent('memory') })}
    </>
  );
}
