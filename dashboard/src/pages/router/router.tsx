import './router.css';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useWords } from '../../i18n/text.tsx';
import { TabPage } from '../../parts/tab-page.tsx';
import { Balancers } from './balancers.tsx';
import { Certificates } from './certificates.tsx';
import { IngressHosts } from './ingress-hosts.tsx';
import { Routes } from './routes.tsx';
import { words } from './words.ts';

const route = getRouteApi('/router');

export function RouterPage() {
  const w = useWords(words);
  const navigate = useNavigate();
  return (
    <TabPage
      title={w('title')}
      chosen={route.useSearch().tab}
      onChoose={(tab) => void navigate({ to: '/router', search: { tab } })}
      tabs={[
        { id: 'routes', label: w('routes'), body: <Routes /> },
        { id: 'balancers', label: w('balancers'), body: <Balancers /> },
        { id: 'certificates', label: w('certificates'), body: <Certificates /> },
        { id: 'ingress', label: w('ingress'), body: <IngressHosts /> },
      ]}
    />
  );
}
