import { Button, MultiSelect } from '@mantine/core';
import '@mantine/core/styles/Combobox.css';
import '@mantine/core/styles/Pill.css';
import '@mantine/core/styles/PillsInput.css';
import { useMemo, useState } from 'react';
import type { ContainerView } from '../../../../src/contract/v1/containers.ts';
import { useWords } from '../../i18n/text.tsx';
import { logWords } from './words.ts';

/** Most containers whose logs are shown in one; the manager takes some more. */
export const MERGED = 20;
/** So many of those that match are offered. */
const OFFERED = 30;

type Props = Readonly<{
  container: ContainerView;
  all: readonly ContainerView[];
  /** IDs of the others. */
  chosen: readonly string[];
  onChoose(ids: readonly string[]): void;
}>;

/** Which other containers' logs are merged with one's own: those of its service and stack are offered first. */
export function MergePicker({ container, all, chosen, onChoose }: Props) {
  const w = useWords(logWords);
  const [text, setText] = useState('');
  const siblings = useMemo(() => all.filter((one) => nearness(one, container) === 2), [all, container]);
  const data = useMemo(() => offered(container, all, chosen, text), [container, all, chosen, text]);
  return (
    <>
      <MultiSelect
        aria-label={w('with')}
        placeholder={chosen.length === 0 ? w('with') : ''}
        data={data}
        filter={({ options }) => options}
        value={[...chosen]}
        onChange={onChoose}
        searchable
        searchValue={text}
        onSearchChange={setText}
        maxValues={MERGED - 1}
        nothingFoundMessage={w('nothing')}
        style={{ flex: '1 1 240px', maxWidth: 520 }}
      />
      {siblings.length > 0 && siblings.some(({ id }) => !chosen.includes(id)) && (
        <Button
          variant="default"
          onClick={() =>
            onChoose([...new Set([...chosen, ...siblings.map(({ id }) => id)])].slice(0, MERGED - 1))
          }
        >
          {w('service')}
        </Button>
      )}
    </>
  );
}

function offered(
  container: ContainerView,
  all: readonly ContainerView[],
  chosen: readonly string[],
  text: string,
): { value: string; label: string }[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const kept: ContainerView[][] = [[], [], []];
  const picked: ContainerView[] = [];
  for (const one of all) {
    if (one.id === container.id) continue;
    if (chosen.includes(one.id)) {
      picked.push(one);
      continue;
    }
    const name = `${one.name} ${one.hostName}`.toLowerCase();
    if (!words.every((word) => name.includes(word))) continue;
    const group = kept[nearness(one, container)];
    if (group !== undefined && group.length < OFFERED) group.push(one);
  }
  const found = [...(kept[2] ?? []), ...(kept[1] ?? []), ...(kept[0] ?? [])].slice(0, OFFERED);
  return [...picked, ...found].map(({ id, name, hostName }) => ({
    value: id,
    label: `${name} · ${hostName}`,
  }));
}

/** 2: of the same service · 1: of the same stack · 0. */
function nearness(one: ContainerView, { id, service }: ContainerView): 0 | 1 | 2 {
  if (service === undefined || one.service?.stack !== service.stack || one.id === id) return 0;
  return one.service.name === service.name ? 2 : 1;
}
