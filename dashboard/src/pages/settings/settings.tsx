import '../router/router.css';
import './settings.css';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useWords } from '../../i18n/text.tsx';
import { TabPage } from '../../parts/tab-page.tsx';
import { DnsZones } from './dns.tsx';
import { Files } from './files.tsx';
import { General } from './general.tsx';
import { Provider } from './provider.tsx';
import { Registries } from './registries.tsx';
import { words } from './words.ts';

const route = getRouteApi('/settings');

/** What holds for the whole cluster. */
export function SettingsPage() {
  const w = useWords(words);
  const navigate = useNavigate();
  return (
    <TabPage
      title={w('title')}
      chosen={route.useSearch().tab}
      onChoose={(tab) => void navigate({ to: '/settings', search: { tab } })}
      tabs={[
        { id: 'general', label: w('general'), body: <General />, isKept: true },
        { id: 'registries', label: w('registries'), body: <Registries /> },
        { id: 'configs', label: w('configs'), body: <Files noun="config" /> },
        { id: 'secrets', label: w('secrets'), body: <Files noun="secret" /> },
        { id: 'dns', label: w('dns'), body: <DnsZones /> },
        { id: 'login', label: w('login'), body: <Provider /> },
      ]}
    />
  );
}
