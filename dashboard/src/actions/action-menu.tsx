import { ActionIcon, Menu } from '@mantine/core';
import type { Role } from '../../../src/contract/page-client.ts';
import { useMay, useWho } from '../app/session.tsx';
import { useText } from '../i18n/text.tsx';
import { Icon } from '../parts/icons.tsx';
import { wordOf } from '../parts/state.tsx';
import type { Action } from './action.ts';
import { useActions } from './actions.tsx';

/** Something to do that asks for more than a yes: it opens a form. */
export type Choice = Readonly<{ id: string; label: string; needs: Role; open(): void }>;

/** What may be done to one row; what the role does not allow is shown, and says why. */
export function ActionMenu({
  label,
  items,
}: Readonly<{ label: string; items: readonly (Action | Choice)[] }>) {
  const { start } = useActions();
  const may = useMay();
  const { role } = useWho();
  const t = useText();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label}>
          <Icon name="more" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {items.map((item) => {
          const isAllowed = may(item.needs);
          const needed = wordOf(t, 'role', item.needs);
          return (
            <Menu.Item
              key={item.id}
              disabled={!isAllowed}
              {...('isDangerous' in item && item.isDangerous === true ? { c: 'var(--bad)' } : {})}
              onClick={() => ('open' in item ? item.open() : start(item))}
            >
              {item.label}
              {!isAllowed && (
                <div className="note">{t('role.needs', { role: wordOf(t, 'role', role), needed })}</div>
              )}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}
