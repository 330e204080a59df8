import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useState } from 'react';
import { BerthError } from '../../../src/contract/page-client.ts';
import { firstLanguage, TextProvider } from '../i18n/text.tsx';
import { LoginPage } from '../pages/login.tsx';
import { router } from './router.tsx';
import { SessionProvider, useSession } from './session.tsx';
import { styleNonce } from './style-nonce.ts';
import { cssVariables, theme } from './theme.ts';
import { ToastProvider } from './toasts.tsx';

export function App() {
  const [language, setLanguage] = useState(firstLanguage);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
    >
      <TextProvider language={language} onChange={setLanguage}>
        <ToastProvider>
          <SessionProvider>
            <Door />
          </SessionProvider>
        </ToastProvider>
      </TextProvider>
    </MantineProvider>
  );
}

/** The page behind its log-in. It stays as it is while whoever was there logs in again. */
function Door() {
  const { session } = useSession();
  if (session.state === 'unknown' || session.state === 'out') return <LoginPage />;
  const { user, role } = session.who;
  return <Inside key={`${user} ${role}`} />;
}

/** What was read for one user is not kept for the next, who may see less. */
function Inside() {
  const [queries] = useState(
    () =>
      new QueryClient({
        defaultOptions: {
          queries: {
            retry: (count, error) => count < 3 && error instanceof BerthError && error.retryable,
            refetchOnWindowFocus: false,
          },
        },
      }),
  );
  return (
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}
