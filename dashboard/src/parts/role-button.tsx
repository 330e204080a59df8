import { Button, type ButtonProps, Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Role } from '../../../src/contract/page-client.ts';
import { useMay, useWho } from '../app/session.tsx';
import { useText } from '../i18n/text.tsx';
import { wordOf } from './state.tsx';

type Props = ButtonProps &
  Readonly<{
    needs: Role;
    /** Why it cannot be done now, whoever asks. */
    whyNot?: string | undefined;
    onClick(): void;
    'aria-label'?: string;
  }>;

/** Why the role is not enough; undefined where it is. */
function useWhyNot(needs: Role): string | undefined {
  const t = useText();
  const may = useMay()(needs);
  const { role } = useWho();
  if (may) return undefined;
  return t('role.needs', { role: wordOf(t, 'role', role), needed: wordOf(t, 'role', needs) });
}

/** A button that is shown to everybody, and says why to whoever may not use it. */
export function RoleButton({ needs, whyNot, onClick, children, ...rest }: Props) {
  const why = useWhyNot(needs) ?? whyNot;
  const may = why === undefined;
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

type LinkProps = ButtonProps &
  Readonly<{ needs: Role; renderRoot(props: Record<string, unknown>): ReactNode }>;

/** A link to where things are done: for whoever may not do them a button that says why, and leads nowhere. */
export function RoleLink({ needs, renderRoot, ...rest }: LinkProps) {
  const may = useMay()(needs);
  if (!may) return <RoleButton {...rest} needs={needs} onClick={() => undefined} />;
  return <Button {...rest} renderRoot={renderRoot} />;
}

type RowProps = Readonly<{ needs: Role; label: string; text: string; onClick(): void }>;

/** The button of a row. @param label what it does to which row */
export function RowButton({ needs, label, text, onClick }: RowProps) {
  const why = useWhyNot(needs);
  return (
    <button
      type="button"
      className="row-button"
      aria-label={label}
      {...(why === undefined ? {} : { 'aria-disabled': true, 'aria-description': why, title: why })}
      onClick={() => {
        if (why === undefined) onClick();
      }}
    >
      {text}
    </button>
  );
}
