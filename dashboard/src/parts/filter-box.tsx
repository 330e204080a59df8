import { TextInput } from '@mantine/core';
import { Icon } from './icons.tsx';

type Props = Readonly<{
  /** By what is found. */
  label: string;
  value: string;
  onChange(value: string): void;
}>;

/** Words by which a page finds what it lists. */
export function FilterBox({ label, value, onChange }: Props) {
  return (
    <TextInput
      aria-label={label}
      placeholder={label}
      leftSection={<Icon name="search" size={16} />}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
