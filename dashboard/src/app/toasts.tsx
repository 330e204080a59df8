import { ActionIcon } from '@mantine/core';
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { useText } from '../i18n/text.tsx';
import { Icon } from '../parts/icons.tsx';
import type { Tone } from '../parts/state.tsx';

type Toast = Readonly<{
  id: number;
  tone: Tone;
  title: string;
  text?: string;
  /** What may be done with it, by a button. */
  aside?: ReactNode;
}>;

type Value = Readonly<{
  /** Replaces the one of that ID, if it is given. Returns its ID. */
  show(toast: Omit<Toast, 'id'>, id?: number): number;
}>;

const Context = createContext<Value | undefined>(undefined);
/** What went well goes by itself; what did not stays until it was read. */
const SHOWN_MS = 5000;
/** What has a button is to be reached first. */
const SHOWN_ASIDE_MS = 15_000;
let count = 0;

/** Of what is open and has the Escape key for itself, over the page or under the cursor. */
const OVER = '[role="dialog"], [role="menu"], [role="listbox"]';
const TAKES_ESCAPE = '.xterm, .cm-editor, [role="slider"], [role="combobox"]';

const idOf = (id: number) => `toast-${id}`;

/** Somebody points at it, is in it by keys, or has its menu open. */
function isInUse(toast: Element | null): boolean {
  return toast?.matches(':hover, :focus-within, :has([aria-expanded="true"])') === true;
}

/** Short words on what was done, in a corner, and read aloud. What is under them can be scrolled above them. */
export function ToastProvider({ children }: Readonly<{ children: ReactNode }>) {
  const t = useText();
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const close = useCallback((id: number) => setToasts((now) => now.filter((one) => one.id !== id)), []);
  const show = useCallback(
    (toast: Omit<Toast, 'id'>, id = ++count) => {
      setToasts((now) => [...now.filter((one) => one.id !== id), { ...toast, id }].slice(-4));
      const time = toast.aside === undefined ? SHOWN_MS : SHOWN_ASIDE_MS;
      const end = () => {
        if (isInUse(document.getElementById(idOf(id)))) setTimeout(end, SHOWN_MS);
        else close(id);
      };
      if (toast.tone === 'good') setTimeout(end, time);
      return id;
    },
    [close],
  );
  const value = useMemo(() => ({ show }), [show]);
  const newest = toasts.at(-1)?.id;
  useEffect(() => {
    if (newest === undefined) return;
    const onKeyDown = ({ key, target, defaultPrevented, isComposing }: KeyboardEvent) => {
      if (key !== 'Escape' || defaultPrevented || isComposing) return;
      if (target instanceof Element && target.closest(TAKES_ESCAPE) !== null) return;
      if (document.querySelector(OVER) === null) close(newest);
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [newest, close]);
  const holder = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const { style } = document.documentElement;
    const observer = new ResizeObserver(() => style.setProperty('--toasts', `${element.offsetHeight}px`));
    observer.observe(element);
    return () => {
      observer.disconnect();
      style.removeProperty('--toasts');
    };
  }, []);
  return (
    <Context value={value}>
      {children}
      <div ref={holder} className="toasts" role="status" aria-live="polite">
        {toasts.map(({ id, tone, title, text, aside }) => (
          <div key={id} id={idOf(id)} className={`toast tone-${tone}`}>
            <div>
              {title}
              {text !== undefined && <p>{text}</p>}
              {aside !== undefined && <div className="toast-aside">{aside}</div>}
            </div>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t('app.close')}
              {...(id === newest ? { 'aria-keyshortcuts': 'Escape', title: `${t('app.close')} (Esc)` } : {})}
              onClick={() => close(id)}
            >
              <Icon name="close" size={16} />
            </ActionIcon>
          </div>
        ))}
      </div>
    </Context>
  );
}

export function useToasts(): Value {
  const value = useContext(Context);
  if (value === undefined) throw new Error('there is no ToastProvider above');
  return value;
}
