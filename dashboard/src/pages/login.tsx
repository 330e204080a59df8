import { Group, Loader } from '@mantine/core';
import { useSession } from '../app/session.tsx';
import { LanguageMenu, ThemeMenu, useTitle } from '../app/shell.tsx';
import { useText } from '../i18n/text.tsx';
import { Mark } from '../parts/icons.tsx';
import { Problem } from '../parts/problem.tsx';
import { LoginForm } from './login-form.tsx';

export function LoginPage() {
  const t = useText();
  const { session } = useSession();
  useTitle(t('login.submit'));
  if (session.state === 'unknown' && session.problem === undefined)
    return (
      <main className="login" aria-busy="true">
        <Loader />
      </main>
    );
  return (
    <main className="login">
      <div className="card login-card">
        <Group justify="space-between" align="flex-start">
          <Mark size={44} />
          <Group gap={4}>
            <ThemeMenu />
            <LanguageMenu />
          </Group>
        </Group>
        <h1>{t('login.title')}</h1>
        {session.state === 'out' && session.problem !== undefined && <Problem error={session.problem} />}
        {session.state === 'unknown' ? <Problem error={session.problem} /> : <LoginForm />}
        <p className="note">{t('login.hint')}</p>
      </div>
    </main>
  );
}
