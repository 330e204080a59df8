import { Button, Group, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { There } from '../cluster/there.ts';
import { useIsGone } from '../cluster/use-is-gone.ts';
import { useText } from '../i18n/text.tsx';
import { CopyAs, type Way } from './copy.tsx';
import { Dialog } from './dialog.tsx';
import { Icon } from './icons.tsx';
import { Problem } from './problem.tsx';

/** What a form changes, which somebody else may remove meanwhile. */
export type About = Readonly<{ name: string; there: There }>;

type Props = Readonly<{
  title: string;
  /** What it is for, and what will be. */
  text?: string;
  /** On the button. */
  label: string;
  /** A word stands in it for what is secret. Undefined while it cannot be said, as something is missing or wrong. */
  way?: Way | undefined;
  isReady?: boolean;
  /** Once that is gone it is said, and nothing can be sent. */
  about?: About;
  /** False: something else has come in its place, and it is not to be closed. @throws what is shown; what was typed stays */
  onRun(): Promise<unknown>;
  /** Also after it was done. */
  onClose(): void;
  size?: string;
  children: ReactNode;
}>;

/** The way of a form that reads what was typed; none while that cannot be read: it is said when it is sent. */
export function wayIfRead(way: () => Way): Way | undefined {
  try {
    return way();
  } catch {
    return undefined;
  }
}

/** A form over the page, that stays with all that was typed until it was done or closed. */
export function FormDialog(props: Props) {
  const { title, text, label, way, isReady = true, about, onRun, onClose, size = 'lg', children } = props;
  const t = useText();
  const isGone = useIsGone(about?.there);
  const queries = useQueryClient();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!isReady || isGone || isBusy) return;
    setBusy(true);
    setError(undefined);
    try {
      if ((await onRun()) !== false) onClose();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
      void queries.invalidateQueries();
    }
  };
  return (
    <Dialog
      onClose={onClose}
      closeOnClickOutside={false}
      title={<strong>{title}</strong>}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      size={size}
    >
      <form onSubmit={(event) => void submit(event)}>
        <Stack gap="md">
          {text !== undefined && <Text>{text}</Text>}
          {children}
          {isGone && (
            <div className="health tone-busy" role="alert">
              <Icon name="warn" size={22} />
              {t('action.gone', { name: about?.name ?? '' })}
            </div>
          )}
          {error !== undefined && <Problem error={error} />}
          <Group justify="space-between">
            <div>{way !== undefined && <CopyAs way={way} />}</div>
            <Group>
              <Button variant="default" onClick={onClose}>
                {t('action.cancel')}
              </Button>
              <Button type="submit" loading={isBusy} disabled={!isReady || isGone}>
                {label}
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
