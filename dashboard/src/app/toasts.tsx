import { ActionIcon } from '@mantine/core';
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';
import { useText } from '../i18n/text.tsx';
import { Icon } from '../parts/icons.tsx';
import type { Tone } from '../parts/state.tsx';

type Toast = Readonly<{ id: number; tone: Tone; title: string; text?: string }>;

type Value = Readonly<{
  /** Replaces the one of that ID, if it is given. Returns its ID. */
  show(toast: Omit<Toast, 'id'>, id?: number): number;
}>;

const Context = createContext<Value | undefined>(undefined);
/** What went well goes by itself; what did not stays until it was read. */
const SHOWN_MS = 5000;
let count = 0;

/** Short words on what was done, in a corner, and read aloud. */
export function ToastProvider({ children }: Readonly<{ children: ReactNode }>) {
  const t = useText();
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const close = useCallback((id: number) => setToasts((now) => now.filter((one) => one.id !== id)), []);
  const show = useCallback(
    (toast: Omit<Toast, 'id'>, id = ++count) => {
      setToasts((now) => [...now.filter((one) => one.id !== id), { ...toast, id }].slice(-4));
      if (toast.tone === 'good') setTimeout(() => close(id), SHOWN_MS);
      return id;
    },
    [close],
  );
  const value = useMemo(() => ({ show }), [show]);
  return (
    <Context value={value}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {toasts.map(({ id, tone, title, text }) => (
          <div key={id} className={`toast tone-${tone}`}>
            <div>
              {title}
              {text !== undefined && <p>{text}</p>}
            </div>
            <ActionIcon variant="subtle" color="gray" aria-label={t('app.close')} onClick={() => close(id)}>
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
