import { TextInput, type TextInputProps } from '@mantine/core';

type Props = Omit<TextInputProps, 'onChange'> & Readonly<{ value: string; onChange(value: string): void }>;

/** A word that is typed by whoever is sure; nothing of it is put in by the browser. */
export function TypedWord({ onChange, ...props }: Props) {
  return (
    <TextInput
      {...props}
      onChange={(event) => onChange(event.currentTarget.value)}
      autoComplete="off"
      spellCheck={false}
    />
  );
}
