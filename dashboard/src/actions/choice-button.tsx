import { Button, Tooltip } from '@mantine/core';
import type { Role } from '../../../src/contract/page-client.ts';
import { useMay, useWho } from '../app/session.tsx';
import { useText } from '../i18n/text.tsx';
import { Icon, type IconName } from '../parts/icons.tsx';
import { wordOf } from '../parts/state.tsx';

type Props = Readonly<{ label: string; needs: Role; icon?: IconName; isMain?: boolean; open(): void }>;

/** Opens a form, for whom the role allows what it does; others see that it is there, and why not for them. */
export function ChoiceButton({ label, needs, icon = 'plus', isMain = false, open }: Props) {
  const t = useText();
  const may = useMay();
  const { role } = useWho();
  const isAllowed = may(needs);
  const why = t('role.needs', { role: wordOf(t, 'role', role), needed: wordOf(t, 'role', needs) });
  return (
    <Tooltip label={why} disabled={isAllowed}>
      <Button
        {...(isMain ? {} : { variant: 'default' })}
        leftSection={<Icon name={icon} size={16} />}
        data-disabled={!isAllowed || undefined}
        aria-disabled={!isAllowed}
        {...(isAllowed ? {} : { 'aria-description': why })}
        onClick={() => {
          if (isAllowed) open();
        }}
      >
        {label}
      </Button>
    </Tooltip>
  );
}
