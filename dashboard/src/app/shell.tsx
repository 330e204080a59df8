import { ActionIcon, AppShell, Burger, Menu, useMantineColorScheme } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import { flushSync } from 'react-dom';
import { ActionProvider } from '../actions/actions.tsx';
import { client } from '../cluster/client.ts';
import { containerCounts } from '../cluster/container-counts.ts';
import { ClusterProvider, useLive, usePicture } from '../cluster/use-cluster.tsx';
import type { MessageKey } from '../i18n/en.ts';
import { LANGUAGES, type Language, useLanguage, useText } from '../i18n/text.tsx';
import { LoginForm } from '../pages/login-form.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Icon, type IconName, Mark } from '../parts/icons.tsx';
import { problemToast } from '../parts/problem-text.ts';
import { wordOf } from '../parts/state.tsx';
import { Clock } from '../parts/time.tsx';
import { Palette, usePaletteAhead } from './palette.tsx';
import { useSession, useWho } from './session.tsx';
import { useToasts } from './toasts.tsx';

/** What is around every page. */
export function Shell() {
  const { session, end } = useSession();
  const t = useText();
  return (
    <ClusterProvider onLogOut={end}>
      <ActionProvider>
        <Resume />
        <Frame />
        {session.state === 'ended' && (
          <Dialog
            onClose={() => undefined}
            withCloseButton={false}
            closeOnClickOutside={false}
            closeOnEscape={false}
            title={<strong>{t('login.title')}</strong>}
          >
            <p>{t('login.again')}</p>
            <LoginForm user={session.who.user} />
          </Dialog>
        )}
      </ActionProvider>
    </ClusterProvider>
  );
}

/** Whoever has logged in again sees what has happened since. */
function Resume() {
  const { session, look } = useSession();
  const live = useLive();
  const { state, since } = usePicture().connection;
  useEffect(() => {
    if (session.state === 'in') live.retry();
  }, [session.state, live]);
  // A connection that comes back may be somebody else's.
  useEffect(() => {
    if (state === 'live' && since > 0) look();
  }, [state, since, look]);
  return null;
}

function Frame() {
  const t = useText();
  const [isNavOpen, nav] = useDisclosure();
  const [isPaletteOpen, palette] = useDisclosure();
  const { connection, complete } = usePicture();
  const isStale = connection.state === 'lost' && complete;
  // From within a text as well: nothing of an editor is on these keys.
  // At once, as the next key is the palette's.
  useHotkeys([['mod+K', () => flushSync(palette.toggle)]], [], true);
  usePaletteAhead();
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !isNavOpen } }}
      className={isStale ? 'stale' : ''}
    >
      <AppShell.Header>
        <div className="header">
          <a className="skip" href="#content">
            {t('app.skip')}
          </a>
          <Burger
            opened={isNavOpen}
            onClick={nav.toggle}
            hiddenFrom="sm"
            size="sm"
            aria-label={t('app.menu')}
            aria-expanded={isNavOpen}
          />
          <Link to="/" className="brand">
            <Mark />
            Berth
          </Link>
          <button
            type="button"
            className="find"
            aria-label={`${t('app.search')} Ctrl K`}
            onClick={palette.open}
          >
            <Icon name="search" size={17} />
            <span>{t('app.search')}</span> <kbd>Ctrl K</kbd>
          </button>
          <ThemeMenu />
          <LanguageMenu />
          <AccountMenu />
        </div>
      </AppShell.Header>
      <AppShell.Navbar aria-label={t('app.navigation')}>
        <Navigation onGo={nav.close} />
      </AppShell.Navbar>
      <AppShell.Main className="main" id="content" tabIndex={-1}>
        <ConnectionBanner />
        <NewerBanner />
        <div className="content">
          <Outlet />
        </div>
      </AppShell.Main>
      {isPaletteOpen && <Palette onClose={palette.close} />}
      <Going />
    </AppShell>
  );
}

/** Another page is on its way, whose files take a while: the one before stays until it is there. */
function Going() {
  const t = useText();
  const isGoing = useRouterState({ select: ({ isLoading }) => isLoading });
  return isGoing && <div className="going" role="progressbar" aria-label={t('app.loading')} />;
}

const PAGES = [
  { to: '/', key: 'nav.overview', icon: 'overview' },
  { to: '/topology', key: 'nav.topology', icon: 'topology' },
  { to: '/hosts', key: 'nav.hosts', icon: 'hosts' },
  { to: '/containers', key: 'nav.containers', icon: 'containers' },
  { to: '/stacks', key: 'nav.stacks', icon: 'stacks' },
  { to: '/networks', key: 'nav.networks', icon: 'networks' },
  { to: '/router', key: 'nav.router', icon: 'router' },
  { to: '/images', key: 'nav.images', icon: 'images' },
  { to: '/volumes', key: 'nav.volumes', icon: 'volumes' },
  { to: '/events', key: 'nav.events', icon: 'events' },
  { to: '/audit', key: 'nav.audit', icon: 'audit' },
  { to: '/users', key: 'nav.users', icon: 'users' },
  { to: '/settings', key: 'nav.settings', icon: 'settings' },
] as const satisfies readonly { to: string; key: MessageKey; icon: IconName }[];

function Navigation({ onGo }: Readonly<{ onGo(): void }>) {
  const { t, language } = useLanguage();
  const { nodes, containers, connection, complete } = usePicture();
  // As the overview and `berth status` have it: hosts’ own containers, routers among them, are apart.
  const own = useMemo(() => containerCounts(containers).own, [containers]);
  const counts: Readonly<Record<string, number>> = {
    '/hosts': nodes.length,
    '/containers': own,
  };
  const number = new Intl.NumberFormat(language);
  return (
    <>
      <div style={{ flex: 1, paddingTop: 10 }}>
        {PAGES.map(({ to, key, icon }) => (
          <Link key={to} to={to} className="nav" activeOptions={{ exact: to === '/' }} onClick={onGo}>
            <Icon name={icon} />
            {t(key)}
            {/* Nothing read yet is not nothing there. */}
            {counts[to] !== undefined && (complete || counts[to] > 0) && (
              <span
                className="nav-count"
                title={to === '/containers' ? t('containers.own', { n: own }) : undefined}
              >
                {number.format(counts[to])}
              </span>
            )}
          </Link>
        ))}
      </div>
      <div style={{ padding: '12px 20px', fontSize: 13 }} role="status">
        {connection.state === 'live' && <span className="state tone-good">{t('live.live')}</span>}
        {connection.state !== 'live' && (
          <span className="state tone-busy hollow">{t('live.connecting')}</span>
        )}
      </div>
    </>
  );
}

function ConnectionBanner() {
  const t = useText();
  const live = useLive();
  const { connection } = usePicture();
  const { session } = useSession();
  // Who is to log in again is told by the log-in why nothing comes any more.
  if (connection.state !== 'lost' || session.state === 'ended') return null;
  const [before, after] = t('live.lost', { time: '\0' }).split('\0');
  return (
    <div className="banner" role="alert">
      <Icon name="warn" />
      <span>
        {before}
        <Clock at={connection.since} />
        {after}
      </span>
      <button type="button" onClick={live.retry}>
        {t('live.retry')}
      </button>
    </div>
  );
}

/** The manager was made another version while this page was open: its files are that one's. */
function NewerBanner() {
  const t = useText();
  const { data } = useQuery({
    queryKey: ['version', usePicture().connection.since],
    queryFn: ({ signal }) => client.call('session.version', undefined, { signal }),
    placeholderData: (before) => before,
  });
  const [first, setFirst] = useState<string>();
  if (data === undefined) return null;
  if (first === undefined) setFirst(data.version);
  if (first === undefined || first === data.version) return null;
  return (
    <div className="banner" role="status">
      <Icon name="warn" />
      <span>{t('app.newer', { version: data.version })}</span>
      <button type="button" onClick={() => location.reload()}>
        {t('app.reload')}
      </button>
    </div>
  );
}

const SCHEMES = { light: 'sun', dark: 'moon', auto: 'screen' } as const;

export function ThemeMenu() {
  const t = useText();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('app.theme')}>
          <Icon name={SCHEMES[colorScheme]} size={20} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(['light', 'dark', 'auto'] as const).map((scheme) => (
          <Menu.Item
            key={scheme}
            leftSection={<Icon name={SCHEMES[scheme]} />}
            rightSection={scheme === colorScheme ? <Icon name="check" /> : null}
            onClick={() => setColorScheme(scheme)}
          >
            {t(`app.theme.${scheme}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function LanguageMenu() {
  const { t, language, setLanguage } = useLanguage();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('app.language')}>
          <Icon name="language" size={20} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(Object.keys(LANGUAGES) as Language[]).map((one) => (
          <Menu.Item
            key={one}
            lang={one}
            rightSection={one === language ? <Icon name="check" /> : null}
            onClick={() => setLanguage(one)}
          >
            {LANGUAGES[one]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function AccountMenu() {
  const { t, language } = useLanguage();
  const { user, role } = useWho();
  const { logOut } = useSession();
  const { show } = useToasts();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('app.account', { user })}>
          <Icon name="user" size={20} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {user} · {t('app.role', { role: wordOf(t, 'role', role) })}
        </Menu.Label>
        <Menu.Item renderRoot={(props) => <Link {...props} to="/account" />}>
          {t('app.account.open')}
        </Menu.Item>
        <Menu.Item
          onClick={() => {
            logOut().catch((thrown: unknown) => show(problemToast(thrown, language)));
          }}
        >
          {t('app.logout')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** What the browser's tab is called. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Berth`;
  }, [title]);
}
