import { Button, Group, Modal, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import {
  createContext,
  type FormEvent,
  type ReactNode,
  useCallback,
  useContext,
  useMemo,
  useState,
} from 'react';
import { BerthError, messageOf } from '../../../src/contract/page-client.ts';
import { useMay, useSession, useWho } from '../app/session.tsx';
import { useToasts } from '../app/toasts.tsx';
import { useText } from '../i18n/text.tsx';
import { CopyAs } from '../parts/copy.tsx';
import { wordOf } from '../parts/state.tsx';
import { type Action, perform } from './action.ts';

type Value = Readonly<{
  /** Asks first, where that is to be asked. */
  start(action: Action): void;
}>;
const Context = createContext<Value | undefined>(undefined);
/** What takes longer says that it is being done, milliseconds. */
const SLOW_MS = 600;

export function ActionProvider({ children }: Readonly<{ children: ReactNode }>) {
  const [asked, setAsked] = useState<Action>();
  const { show } = useToasts();
  const { end } = useSession();
  const queries = useQueryClient();
  const t = useText();

  const run = useCallback(
    async (action: Action) => {
      const { label, target } = action;
      let toast: number | undefined;
      const slow = setTimeout(() => {
        toast = show({ tone: 'busy', title: t('action.working', { label, target }) });
      }, SLOW_MS);
      try {
        await perform(action);
        clearTimeout(slow);
        show({ tone: 'good', title: t('action.done', { label, target }) }, toast);
      } catch (thrown) {
        clearTimeout(slow);
        const text = thrown instanceof BerthError ? thrown.hint : undefined;
        show({ tone: 'bad', title: messageOf(thrown), ...(text === undefined ? {} : { text }) }, toast);
        if (thrown instanceof BerthError && thrown.code === 'unauthenticated') end();
      } finally {
        void queries.invalidateQueries();
      }
    },
    [show, t, end, queries],
  );
  const start = useCallback(
    (action: Action) => {
      if (action.confirm === undefined) void run(action);
      else setAsked(action);
    },
    [run],
  );
  const value = useMemo(() => ({ start }), [start]);
  return (
    <Context value={value}>
      {children}
      {asked?.confirm !== undefined && (
        <Confirm
          key={`${asked.id} ${asked.target}`}
          action={asked}
          confirm={asked.confirm}
          onClose={(isSure) => {
            setAsked(undefined);
            if (isSure) void run(asked);
          }}
        />
      )}
    </Context>
  );
}

export function useActions(): Value {
  const value = useContext(Context);
  if (value === undefined) throw new Error('there is no ActionProvider above');
  return value;
}

type ConfirmProps = Readonly<{
  action: Action;
  confirm: NonNullable<Action['confirm']>;
  onClose(isSure: boolean): void;
}>;

function Confirm({ action, confirm, onClose }: ConfirmProps) {
  const t = useText();
  const [typed, setTyped] = useState('');
  const isReady = confirm.typed === undefined || typed === confirm.typed.word;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isReady) onClose(true);
  };
  return (
    <Modal
      opened
      onClose={() => onClose(false)}
      title={<strong>{confirm.title}</strong>}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      size="lg"
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          {confirm.texts.map((text) => (
            <Text key={text}>{text}</Text>
          ))}
          {confirm.body}
          {confirm.typed !== undefined && (
            <TextInput
              label={confirm.typed.label}
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              autoComplete="off"
              spellCheck={false}
              data-autofocus
            />
          )}
          <Group justify="space-between" mt="sm">
            <CopyAs way={action.way} />
            <Group>
              <Button variant="default" onClick={() => onClose(false)}>
                {t('action.cancel')}
              </Button>
              <Button
                type="submit"
                disabled={!isReady}
                {...(action.isDangerous === true ? { color: 'red.9' } : {})}
                {...(confirm.typed === undefined ? { 'data-autofocus': true } : {})}
              >
                {action.label}
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** Buttons for what may be done; what the role does not allow is shown, and says why. */
export function ActionButtons({ actions }: Readonly<{ actions: readonly Action[] }>) {
  const { start } = useActions();
  const may = useMay();
  const { role } = useWho();
  const t = useText();
  return actions.map((action) => {
    const isAllowed = may(action.needs);
    const why = t('role.needs', {
      role: wordOf(t, 'role', role),
      needed: wordOf(t, 'role', action.needs),
    });
    return (
      <Tooltip key={action.id} label={why} disabled={isAllowed}>
        <Button
          variant="default"
          data-disabled={!isAllowed || undefined}
          aria-disabled={!isAllowed}
          {...(isAllowed ? {} : { 'aria-description': why })}
          onClick={() => {
            if (isAllowed) start(action);
          }}
        >
          {action.label}
        </Button>
      </Tooltip>
    );
  });
}
