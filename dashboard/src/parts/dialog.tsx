import { Modal, type ModalProps } from '@mantine/core';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';

/** What was last used outside of all dialogs: a dialog may be opened by one that is gone when it closes. */
let lastOutside: HTMLElement | undefined;

/** What opens it may be clicked twice: the second click is beside it, and is not to close it, milliseconds. */
const TWICE_MS = 500;

/** Over the page for as long as it is there. Whoever closes it is back at what opened it, or at the page's beginning. */
export function Dialog(props: Omit<ModalProps, 'opened' | 'returnFocus'>) {
  const [opener] = useState(openerNow);
  useEffect(() => () => goBackTo(opener), [opener]);
  const { closeOnClickOutside = true, onClose, children, ...more } = props;
  const [isNew, setNew] = useState(true);
  useEffect(() => {
    const timer = setTimeout(() => setNew(false), TWICE_MS);
    return () => clearTimeout(timer);
  }, []);
  const isLeftBy = (clicks: number) => closeOnClickOutside && !isNew && clicks < 2;
  return (
    <Modal
      opened
      {...more}
      onClose={onClose}
      closeOnClickOutside={false}
      // What is busy may have the second click much later than it was made; that it is one is told with it.
      overlayProps={{ onClick: ({ detail }) => isLeftBy(detail) && onClose() }}
    >
      {children}
      <FirstFocus />
    </Modal>
  );
}

/** Has the focus where the dialog wants it before the next key is pressed: Modal has it there a moment later. */
function FirstFocus() {
  const place = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const dialog = place.current?.closest('[role="dialog"]');
    dialog?.querySelector<HTMLElement>('[data-autofocus]')?.focus({ preventScroll: true });
  }, []);
  return <span ref={place} hidden />;
}

function openerNow(): HTMLElement | undefined {
  const { activeElement: active } = document;
  if (!(active instanceof HTMLElement) || active === document.body) return undefined;
  const menu = active.closest('[role="menu"]')?.getAttribute('aria-labelledby');
  // A menu's entries are gone with the menu.
  const opener = (menu && document.getElementById(menu)) || active;
  if (opener.closest('[role="dialog"]') === null) lastOutside = opener;
  return opener;
}

function goBackTo(opener: HTMLElement | undefined): void {
  const { activeElement: active } = document;
  // Something else has taken the focus meanwhile.
  if (active !== null && active !== document.body) return;
  for (const one of [opener, lastOutside, document.getElementById('content')]) {
    if (one?.isConnected !== true) continue;
    one.focus({ preventScroll: true });
    if (document.activeElement === one) return;
  }
}
