import '@mantine/core/styles/Combobox.css';
import { Autocomplete } from '@mantine/core';
import { useMemo } from 'react';
import type { ContainerView } from '../../../src/contract/v1/containers.ts';
import { usePicture } from '../cluster/use-cluster.tsx';

type Props = Readonly<{
  label: string;
  description?: string;
  placeholder?: string;
  /** What the API takes for a container: its name, or `host/name` of one that Berth did not make. */
  value: string;
  onChange(value: string): void;
  /** Those to choose from; all where it is left out. */
  only?(container: ContainerView): boolean;
  autoFocus?: boolean;
}>;

/** So many are offered at once; more letters find the others. */
const MOST = 50;

/** Finds a container by some of its letters, among however many. */
export function ContainerPicker({ only, value, autoFocus, ...rest }: Props) {
  const { containers } = usePicture();
  const names = useMemo(() => {
    const wanted = value.toLowerCase();
    const found: string[] = [];
    for (const one of containers) {
      const name = containerRef(one);
      if (!name.toLowerCase().includes(wanted) || only?.(one) === false) continue;
      found.push(name);
      if (found.length === MOST) break;
    }
    const names = [...new Set(found)];
    // What is typed out leaves nothing to choose: the list would only cover what is below it.
    return names.length === 1 && names[0] === value ? [] : names;
  }, [containers, value, only]);
  return (
    <Autocomplete
      {...rest}
      value={value}
      data={names}
      filter={({ options }) => options}
      required
      withAsterisk={false}
      autoComplete="off"
      spellCheck={false}
      maxDropdownHeight={260}
      {...(autoFocus === true ? { 'data-autofocus': true } : {})}
    />
  );
}

/** What leads the API to just this container. */
export function containerRef({ managed, name, hostName }: ContainerView): string {
  return managed ? name : `${hostName}/${name}`;
}
