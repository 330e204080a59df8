import type { Role } from '../../../src/contract/page-client.ts';
import { Icon, type IconName } from '../parts/icons.tsx';
import { RoleButton } from '../parts/role-button.tsx';

type Props = Readonly<{ label: string; needs: Role; icon?: IconName; isMain?: boolean; open(): void }>;

/** Opens a form, for whom the role allows what it does. */
export function ChoiceButton({ label, needs, icon = 'plus', isMain = false, open }: Props) {
  return (
    <RoleButton
      {...(isMain ? {} : { variant: 'default' })}
      needs={needs}
      leftSection={<Icon name={icon} size={16} />}
      onClick={open}
    >
      {label}
    </RoleButton>
  );
}
