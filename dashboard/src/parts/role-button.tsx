import { Button, type ButtonProps, Tooltip } from '@mantine/core';
import type { Role } from '../../../src/contract/page-client.ts';
import { useMay, useWho } from '../app/session.tsx';
import { useText } from '../i18n/text.tsx';
import { wordOf } from './state.tsx';

type Props = ButtonProps &
  Readonly<{
    needs: Role;
    onClick(): void;
    'aria-label'?: string;
  }>;

/** A button that is shown to everybody, and says why to whoever may not use it. */
export function RoleButton({ needs, onClick, children, ...rest }: Props) {
  const t = useText();
  const may = useMay()(needs);
  const { role } = useWho();
  const why = t('role.needs', { role: wordOf(t, 'role', role), needed: wordOf(t, 'role', needs) });
  return (
    <Tooltip label={why} disabled={may}>
      <Button
        {...rest}
        data-disabled={!may || undefined}
        aria-disabled={!may}
        {...(may ? {} : { 'aria-description': why })}
        onClick={() => {
          if (may) onClick();
        }}
      >
        {children}
      </Button>
    </Tooltip>
  );
}
