import { ActionIcon, Menu } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { Role } from '../../../src/contract/page-client.ts';
import { useMay, useWho } from '../app/session.tsx';
import { useText } from '../i18n/text.tsx';
import { OtherItems } from '../parts/copy.tsx';
import { Icon } from '../parts/icons.tsx';
import { wordOf } from '../parts/state.tsx';
import { type Action, waysAtOnce } from './action.ts';
import { useActions } from './actions.tsx';

/** Something to do that asks for more than a yes: it opens a form. */
export type Choice = Readonly<{ id: string; label: string; needs: Role; open(): void }>;
/** What cannot be done to this one, whoever asks. */
export type Refused = Readonly<{ id: string; label: string; needs: Role; whyNot: string }>;

type Props = Readonly<{
  label: string;
  items: readonly (Action | Choice | Refused)[];
  /** It has been asked for. */
  startsOpen?: boolean;
}>;

/** The menu of one row among very many: nothing but a button until it is asked for. */
export function LazyActionMenu({ label, itemsOf }: Readonly<{ label: string; itemsOf(): Props['items'] }>) {
  const [isUsed, setUsed] = useState(false);
  if (isUsed) return <ActionMenu label={label} items={itemsOf()} startsOpen />;
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={label}
      aria-haspopup="menu"
      aria-expanded={false}
      onClick={() => setUsed(true)}
    >
      <Icon name="more" />
    </ActionIcon>
  );
}

/** What may be done to one row; what the role or its state does not allow is shown, and says why. */
export function ActionMenu({ label, items, startsOpen = false }: Props) {
  const { start } = useActions();
  const [isOpen, setOpen] = useState(false);
  const target = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!startsOpen) return;
    // Its button is in the place of the one that had the focus: there it is again when the menu closes.
    target.current?.focus();
    setOpen(true);
  }, [startsOpen]);
  const may = useMay();
  const { role } = useWho();
  const t = useText();
  return (
    <Menu position="bottom-end" opened={isOpen} onChange={setOpen}>
      <Menu.Target>
        <ActionIcon ref={target} variant="subtle" color="gray" size="lg" aria-label={label}>
          <Icon name="more" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {items.map((item) => {
          const isAllowed = may(item.needs);
          const whyNot = 'whyNot' in item ? item.whyNot : undefined;
          const isShut = !isAllowed || whyNot !== undefined;
          const needed = wordOf(t, 'role', item.needs);
          return (
            <Menu.Item
              key={item.id}
              // Not by the attribute: what has the focus can be read, and Escape closes the menu.
              data-disabled={isShut || undefined}
              {...('isDangerous' in item && item.isDangerous === true ? { c: 'var(--bad)' } : {})}
              onClick={() => {
                if (isShut) return;
                if ('open' in item) item.open();
                else if ('way' in item) start(item);
              }}
            >
              {item.label}
              {whyNot !== undefined && <div className="note why-not">{whyNot}</div>}
              {!isAllowed && (
                <div className="note">{t('role.needs', { role: wordOf(t, 'role', role), needed })}</div>
              )}
            </Menu.Item>
          );
        })}
        {waysAtOnce(items.filter((item) => 'way' in item)).map(({ title, way }) => (
          <OtherItems key={title} title={`${t('copy.as')}: ${title}`} way={way} />
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
