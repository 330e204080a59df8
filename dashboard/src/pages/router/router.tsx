import '../tab-page.css';
import './router.css';
import { Tabs } from '@mantine/core';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useTitle } from '../../app/shell.tsx';
import { useWords } from '../../i18n/text.tsx';
import { Balancers } from './balancers.tsx';
import { Certificates } from './certificates.tsx';
import { IngressHosts } from './ingress-hosts.tsx';
import { Routes } from './routes.tsx';
import { words } from './words.ts';

const route = getRouteApi('/router');
const TABS = ['routes', 'balancers', 'certificates', 'ingress'] as const;

export function RouterPage() {
  const w = useWords(words);
  useTitle(w('title'));
  const navigate = useNavigate();
  const { tab } = route.useSearch();
  const chosen = TABS.find((one) => one === tab) ?? 'routes';
  return (
    <>
      <div className="head">
        <h1>{w('title')}</h1>
      </div>
      <Tabs
        value={chosen}
        keepMounted={false}
        onChange={(value) => void navigate({ to: '/router', search: value === null ? {} : { tab: value } })}
      >
        <Tabs.List className="tab-list">
          {TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {w(one)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="routes">
          <Routes />
        </Tabs.Panel>
        <Tabs.Panel value="balancers">
          <Balancers />
        </Tabs.Panel>
        <Tabs.Panel value="certificates">
          <Certificates />
        </Tabs.Panel>
        <Tabs.Panel value="ingress">
          <IngressHosts />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
