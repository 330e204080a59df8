import '../tab-page.css';
import '../router/router.css';
import './settings.css';
import { Tabs } from '@mantine/core';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useTitle } from '../../app/shell.tsx';
import { useWords } from '../../i18n/text.tsx';
import { DnsZones } from './dns.tsx';
import { Files } from './files.tsx';
import { General } from './general.tsx';
import { Provider } from './provider.tsx';
import { Registries } from './registries.tsx';
import { words } from './words.ts';

const route = getRouteApi('/settings');
const TABS = ['general', 'registries', 'configs', 'secrets', 'dns', 'login'] as const;

/** What holds for the whole cluster. */
export function SettingsPage() {
  const w = useWords(words);
  useTitle(w('title'));
  const navigate = useNavigate();
  const { tab } = route.useSearch();
  const chosen = TABS.find((one) => one === tab) ?? 'general';
  return (
    <>
      <div className="head">
        <h1>{w('title')}</h1>
      </div>
      <Tabs
        value={chosen}
        onChange={(value) => void navigate({ to: '/settings', search: value === null ? {} : { tab: value } })}
      >
        <Tabs.List className="tab-list">
          {TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {w(one)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {/* Kept while another one is looked at: what was typed is not lost by that. */}
        <Tabs.Panel value="general">
          <General />
        </Tabs.Panel>
        <Tabs.Panel value="registries">{chosen === 'registries' && <Registries />}</Tabs.Panel>
        <Tabs.Panel value="configs">{chosen === 'configs' && <Files noun="config" />}</Tabs.Panel>
        <Tabs.Panel value="secrets">{chosen === 'secrets' && <Files noun="secret" />}</Tabs.Panel>
        <Tabs.Panel value="login">{chosen === 'login' && <Provider />}</Tabs.Panel>
        <Tabs.Panel value="dns">{chosen === 'dns' && <DnsZones />}</Tabs.Panel>
      </Tabs>
    </>
  );
}
