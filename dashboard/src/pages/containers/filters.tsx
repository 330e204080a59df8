import { NativeSelect } from '@mantine/core';
import { useDeferredValue, useMemo } from 'react';
import type { ContainerView } from '../../../../src/contract/v1/containers.ts';
import type { Node } from '../../../../src/contract/v1/nodes.ts';
import { shownState, usePicture } from '../../cluster/use-cluster.tsx';
import { useText, useWords } from '../../i18n/text.tsx';
import { USAGE_ORDERS } from '../../parts/container-rows.tsx';
import { FilterBox } from '../../parts/filter-box.tsx';
import { wordOf } from '../../parts/state.tsx';
import { choicesOf, type Filter, MAKERS, withChosen } from './filter.ts';
import { listWords } from './words.ts';

type Props = Readonly<{
  filter: Filter;
  nodes: ReadonlyMap<string, Node>;
  sort: string;
  onChange(change: Partial<Filter>): void;
  onSort(by: string): void;
}>;

/** By what a container is found in the list. */
export function Filters({ filter, nodes, sort, onChange, onSort }: Props) {
  const t = useText();
  const w = useWords(listWords);
  const picture = usePicture();
  // What can be chosen may come a moment after what is shown.
  const containers = useDeferredValue(picture.containers);
  const { stack } = filter;
  const choices = useMemo(
    () => choicesOf(containers, (one: ContainerView) => shownState(one, nodes), stack),
    [containers, nodes, stack],
  );
  const hosts = useMemo(() => picture.nodes.map(({ name }) => name), [picture.nodes]);
  return (
    <div className="filters">
      <FilterBox label={t('containers.filter')} value={filter.q} onChange={(q) => onChange({ q })} />
      <Select
        label={t('containers.state')}
        all={t('containers.allStates')}
        values={choices.states}
        chosen={filter.state}
        textOf={(value) => wordOf(t, 'state', value)}
        onChoose={(state) => onChange({ state })}
      />
      <Select
        label={w('health')}
        all={w('allHealths')}
        values={choices.healths}
        chosen={filter.health}
        textOf={(value) => (value === 'none' ? w('health.none') : wordOf(t, 'health', value))}
        onChoose={(health) => onChange({ health })}
      />
      <Select
        label={t('containers.host')}
        all={t('containers.allHosts')}
        values={hosts}
        chosen={filter.host}
        onChoose={(host) => onChange({ host })}
      />
      <Select
        label={w('stack')}
        all={w('allStacks')}
        values={choices.stacks}
        chosen={stack}
        onChoose={(chosen) => onChange({ stack: chosen, service: '' })}
      />
      {stack !== '' && (
        <Select
          label={w('service')}
          all={w('allServices')}
          values={choices.services}
          chosen={filter.service}
          onChoose={(service) => onChange({ service })}
        />
      )}
      <Select
        label={w('made')}
        all={w('allMade')}
        values={MAKERS}
        chosen={filter.made}
        textOf={(value) => (isMaker(value) ? w(`made.${value}`) : value)}
        onChoose={(made) => onChange({ made })}
      />
      <div className="list-sort">
        <Select
          label={w('sort')}
          all={w('sort.name')}
          values={USAGE_ORDERS}
          chosen={sort}
          textOf={(value) => w(value === 'cpu' ? 'sort.cpu' : 'sort.memory')}
          onChoose={onSort}
        />
      </div>
    </div>
  );
}

function isMaker(value: string): value is (typeof MAKERS)[number] {
  return MAKERS.some((one) => one === value);
}

type SelectProps = Readonly<{
  label: string;
  /** What it is called where nothing is chosen. */
  all: string;
  values: readonly string[];
  chosen: string;
  textOf?(value: string): string;
  onChoose(value: string): void;
}>;

function Select({ label, all, values, chosen, textOf = (value) => value, onChoose }: SelectProps) {
  return (
    <NativeSelect
      aria-label={label}
      value={chosen}
      onChange={(event) => onChoose(event.currentTarget.value)}
      data={[
        { value: '', label: all },
        ...withChosen(values, chosen).map((value) => ({ value, label: textOf(value) })),
      ]}
    />
  );
}
