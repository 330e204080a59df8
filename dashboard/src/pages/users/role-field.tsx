import { NativeSelect } from '@mantine/core';
import { type Role, roleAllows } from '../../../../src/contract/page-client.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { wordOf } from '../../parts/state.tsx';
import { words } from './words.ts';

const ROLES = ['viewer', 'operator', 'admin'] as const satisfies readonly Role[];

type Props = Readonly<{
  value: Role;
  /** Those above are not to be had. */
  most?: Role;
  onChange(role: Role): void;
}>;

/** A role, with what it may do. */
export function RoleField({ value, most = 'admin', onChange }: Props) {
  const w = useWords(words);
  const t = useText();
  return (
    <NativeSelect
      label={w('user.role')}
      description={w(`user.role.${value}`)}
      value={value}
      onChange={({ currentTarget }) => {
        const role = ROLES.find((one) => one === currentTarget.value);
        if (role !== undefined) onChange(role);
      }}
      data={ROLES.filter((role) => roleAllows(most, role)).map((role) => ({
        value: role,
        label: wordOf(t, 'role', role),
      }))}
    />
  );
}
