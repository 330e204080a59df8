import { Button, Group, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useLocation } from '@tanstack/react-router';
import {
  createContext,
  type FormEvent,
  type ReactNode,
  Suspense,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { useToasts } from '../app/toasts.tsx';
import { usePicture } from '../cluster/use-cluster.tsx';
import { useLanguage, useText } from '../i18n/text.tsx';
import { CopyAs } from '../parts/copy.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { part } from '../parts/part.ts';
import { problemToast } from '../parts/problem-text.ts';
import { RoleButton } from '../parts/role-button.tsx';
import { TypedWord } from '../parts/typed-word.tsx';
import { type Action, type Chosen, perform } from './action.ts';
import { isGone } from './is-gone.ts';
import type { Watched } from './still-there.tsx';

const Unwatched = () => null;
// Not what every page has to load before it is shown. Where it is not to be had, it is asked all the same.
const StillThere = part<Watched>(() =>
  import('./still-there.tsx').then(
    (found) => found.StillThere,
    () => Unwatched,
  ),
);

type Value = Readonly<{
  /** Asks first, where that is to be asked. */
  start(action: Action): void;
}>;
const Context = createContext<Value | undefined>(undefined);
/** A key is pressed once, also right behind a click. */
const TYPES = ['click', 'keydown'] as const;
/** What takes longer says that it is being done, milliseconds. */
const SLOW_MS = 600;

export function ActionProvider({ children }: Readonly<{ children: ReactNode }>) {
  const [asked, setAsked] = useState<Action>();
  const { show } = useToasts();
  const queries = useQueryClient();
  const { t, language } = useLanguage();

  const run = useCallback(
    async (action: Action) => {
      const { label, target, way, isLong = false } = action;
      let toast: number | undefined;
      const slow = setTimeout(() => {
        toast = show({ tone: 'busy', title: t('action.working', { label, target }) });
      }, SLOW_MS);
      try {
        await perform(action);
        clearTimeout(slow);
        const title = t(isLong ? 'action.begun' : 'action.done', { label, target });
        const aside = <CopyAs way={way} of={`${label} ${target}`} />;
        show({ tone: 'good', title, aside }, toast);
      } catch (thrown) {
        clearTimeout(slow);
        show(problemToast(thrown, language), toast);
      } finally {
        void queries.invalidateQueries();
      }
    },
    [show, t, language, queries],
  );
  // Whoever clicks twice has meant it once, whatever the button says by the second click.
  const isSecond = useRef(false);
  useEffect(() => {
    const look = (event: Event) => {
      isSecond.current = event instanceof MouseEvent && event.detail > 1;
    };
    for (const type of TYPES) document.addEventListener(type, look, true);
    return () => {
      for (const type of TYPES) document.removeEventListener(type, look, true);
    };
  }, []);
  const start = useCallback(
    (action: Action) => {
      if (action.confirm !== undefined) {
        setAsked(action);
        return;
      }
      if (!isSecond.current) void run(action);
    },
    [run],
  );
  const value = useMemo(() => ({ start }), [start]);
  // What is asked is of the page that was left.
  const page = useLocation({ select: ({ pathname }) => pathname });
  useEffect(() => {
    if (page !== '') setAsked(undefined);
  }, [page]);
  return (
    <Context value={value}>
      {children}
      {asked?.confirm !== undefined && (
        <Confirm
          key={`${asked.id} ${asked.target}`}
          action={asked}
          confirm={asked.confirm}
          onClose={() => setAsked(undefined)}
          onSure={(chosen) => {
            setAsked(undefined);
            void run({ ...asked, ...chosen });
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
  onClose(): void;
  onSure(chosen: Chosen): void;
}>;

function Confirm({ action, confirm, onClose, onSure }: ConfirmProps) {
  const t = useText();
  const [typed, setTyped] = useState('');
  const [chosen, setChosen] = useState<Chosen>({});
  const [isRemoved, setRemoved] = useState(false);
  const isLate = isGone(action, usePicture()) || isRemoved;
  const isReady = confirm.typed === undefined || typed === confirm.typed.word;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isReady) onSure(chosen);
  };
  const frame = {
    onClose,
    title: <strong>{confirm.title}</strong>,
    closeButtonProps: { 'aria-label': t('app.close') },
    size: 'lg',
  };
  if (isLate)
    return (
      <Dialog {...frame}>
        <Stack gap="sm">
          <Text role="alert">{action.gone ?? t('action.gone', { name: action.target })}</Text>
          <Group justify="flex-end" mt="sm">
            {/* What had the focus is gone. */}
            <Button autoFocus variant="default" onClick={onClose}>
              {t('app.close')}
            </Button>
          </Group>
        </Stack>
      </Dialog>
    );
  return (
    <Dialog {...frame}>
      {action.there !== undefined && (
        <Suspense fallback={null}>
          <StillThere there={action.there} onGone={() => setRemoved(true)} />
        </Suspense>
      )}
      <form onSubmit={submit}>
        <Stack gap="sm">
          {confirm.texts.map((text) => (
            <Text key={text}>{text}</Text>
          ))}
          {typeof confirm.body === 'function' ? confirm.body(setChosen) : confirm.body}
          {confirm.typed !== undefined && (
            <TypedWord label={confirm.typed.label} value={typed} onChange={setTyped} data-autofocus />
          )}
          <Group justify="space-between" mt="sm">
            <CopyAs way={chosen.way ?? action.way} />
            <Group>
              <Button variant="default" onClick={onClose}>
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
    </Dialog>
  );
}

/** Buttons for what may be done; what the role or the state does not allow is shown, and says why. */
export function ActionButtons({ actions }: Readonly<{ actions: readonly Action[] }>) {
  const { start } = useActions();
  return actions.map((action) => (
    <RoleButton
      key={action.id}
      needs={action.needs}
      whyNot={action.whyNot}
      variant="default"
      onClick={() => start(action)}
    >
      {action.label}
    </RoleButton>
  ));
}
