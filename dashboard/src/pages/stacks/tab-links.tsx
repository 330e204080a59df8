import { useLocation } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef } from 'react';

type Props = Readonly<{ label: string; children: ReactNode }>;

/** Links to the parts of a page, in one line; where that is too narrow for all, the one that is shown is in sight. */
export function TabLinks({ label, children }: Props) {
  const { pathname } = useLocation();
  const line = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another address is another one that is shown
  useEffect(() => {
    const { current: nav } = line;
    const shown = nav?.querySelector<HTMLElement>('[data-status="active"]');
    if (nav === null || shown == null) return;
    const { left, right } = nav.getBoundingClientRect();
    const tab = shown.getBoundingClientRect();
    // Not scrollIntoView, which would scroll the page, too.
    if (tab.right > right) nav.scrollLeft += tab.right - right;
    else if (tab.left < left) nav.scrollLeft -= left - tab.left;
  }, [pathname]);
  return (
    <nav className="tabs" aria-label={label} ref={line}>
      {children}
    </nav>
  );
}
