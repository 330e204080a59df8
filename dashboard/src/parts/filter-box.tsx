import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { Icon } from './icons.tsx';

type Props = Readonly<{
  /** By what is found. */
  label: string;
  value: string;
  onChange(value: string): void;
}>;

/** Words by which a page finds what it lists. */
export function FilterBox({ label, value, onChange }: Props) {
  // The address, where most lists keep it, has a key a moment after it was pressed: what is typed is not put back meanwhile.
  const [typed, setTyped] = useState<string>();
  if (typed === value) setTyped(undefined);
  return (
    <TextInput
      aria-label={label}
      placeholder={label}
      leftSection={<Icon name="search" size={16} />}
      value={typed ?? value}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        onChange(event.currentTarget.value);
      }}
      onBlur={() => setTyped(undefined)}
    />
  );
}
