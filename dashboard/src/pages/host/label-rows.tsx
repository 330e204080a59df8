import { Button, TextInput } from '@mantine/core';
import { useId, useRef } from 'react';
import { usePicture } from '../../cluster/use-cluster.tsx';
import { useWords } from '../../i18n/text.tsx';
import { Icon } from '../../parts/icons.tsx';
import { type LabelRow, valuesOf } from './label-edit.ts';
import { words } from './words.ts';

type Props = Readonly<{
  rows: readonly LabelRow[];
  onChange(rows: readonly LabelRow[]): void;
  /** Labels that are added with one key: those of failure domains. */
  offered?: readonly string[];
}>;

/** A line for each label, with the values that other hosts have of it at hand. */
export function LabelRows({ rows, onChange, offered = [] }: Props) {
  const w = useWords(words);
  const { nodes } = usePicture();
  const listId = useId();
  const added = useRef<number>(undefined);
  const put = (id: number, part: Partial<LabelRow>) =>
    onChange(rows.map((row) => (row.id === id ? { ...row, ...part } : row)));
  const add = (key: string) => {
    added.current = Math.max(-1, ...rows.map(({ id }) => id)) + 1;
    onChange([...rows, { id: added.current, key, value: '' }]);
  };
  const focusIfAdded = (id: number) => (input: HTMLInputElement | null) => {
    if (input === null || added.current !== id) return;
    added.current = undefined;
    input.focus();
  };
  return (
    <>
      {rows.map(({ id, key, value }) => (
        <div key={id} className="host-label-row">
          <TextInput
            aria-label={w('edit.key')}
            placeholder={w('edit.key')}
            value={key}
            onChange={(event) => put(id, { key: event.currentTarget.value.trim() })}
            ref={key === '' ? focusIfAdded(id) : null}
            spellCheck={false}
            autoComplete="off"
          />
          <TextInput
            aria-label={`${w('edit.value')} ${key}`}
            placeholder={w('edit.value')}
            value={value}
            onChange={(event) => put(id, { value: event.currentTarget.value })}
            ref={key === '' ? null : focusIfAdded(id)}
            list={`${listId}${id}`}
            spellCheck={false}
            autoComplete="off"
          />
          <datalist id={`${listId}${id}`}>
            {valuesOf(nodes, key).map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
          <Button
            variant="subtle"
            aria-label={w('edit.remove', { key })}
            onClick={() => onChange(rows.filter((row) => row.id !== id))}
          >
            <Icon name="close" size={16} />
          </Button>
        </div>
      ))}
      <div className="host-labels">
        <AddButton label={w('edit.add')} onClick={() => add('')} />
        {offered
          .filter((key) => !rows.some((row) => row.key === key))
          .map((key) => (
            <AddButton key={key} label={key} name={w('edit.add.one', { key })} onClick={() => add(key)} />
          ))}
      </div>
    </>
  );
}

function AddButton({
  label,
  name,
  onClick,
}: Readonly<{
  label: string /** Where the label alone does not say it. */;
  name?: string;
  onClick(): void;
}>) {
  return (
    <Button
      variant="default"
      size="compact-sm"
      leftSection={<Icon name="plus" size={15} />}
      aria-label={name}
      onClick={onClick}
    >
      {label}
    </Button>
  );
}
