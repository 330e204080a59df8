import { Button } from '@mantine/core';
import { Link, Outlet } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { BerthError } from '../../../../src/contract/page-client.ts';
import type { ServiceView } from '../../../../src/contract/v1/services.ts';
import { waysAtOnce } from '../../actions/action.ts';
import { ActionButtons } from '../../actions/actions.tsx';
import { nameOf, serviceActions } from '../../actions/service-actions.tsx';
import { serviceWords as actionWords } from '../../actions/service-words.ts';
import { useTitle } from '../../app/shell.tsx';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { type Draft, KeptDrafts } from '../../parts/draft.ts';
import { Empty } from '../../parts/empty.tsx';
import { shellWord } from '../../parts/format.ts';
import { Icon } from '../../parts/icons.tsx';
import { Problem } from '../../parts/problem.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { serviceLook, whyOf } from './look.ts';
import { ServiceState } from './service-state.tsx';
import { serviceWords } from './service-words.ts';
import { TabLinks } from './tab-links.tsx';
import { useService, useServiceName } from './use-service.ts';
import './stacks.css';

const TABS = [
  { to: '/stacks/$stack/services/$service', word: 'overview' },
  { to: '/stacks/$stack/services/$service/releases', word: 'releases' },
  { to: '/stacks/$stack/services/$service/autoscaling', word: 'autoscaling' },
  { to: '/stacks/$stack/services/$service/charts', word: 'charts' },
  { to: '/stacks/$stack/services/$service/ways', word: 'ways' },
] as const;

/** What is around every part of a service's page. One that is not read again stays as it was: forms keep what was typed. */
export function ServicePage() {
  const w = useWords(serviceWords);
  const params = useServiceName();
  const { stack, service: name } = params;
  const { data, error } = useService();
  const [drafts] = useState(() => new Map<string, Draft<unknown>>());
  useTitle(`${stack}/${name}`);
  const isGone = error instanceof BerthError && error.code === 'not_found';
  if (isGone)
    return (
      <div className="card">
        <Empty title={w('gone', { stack, name: name.slice(0, 64) })} hint={w('gone.hint')}>
          <Button
            variant="default"
            renderRoot={(props) => <Link {...props} to="/stacks/$stack" params={{ stack }} />}
          >
            {w('back', { stack })}
          </Button>
        </Empty>
      </div>
    );
  if (data === undefined) return error === null ? <Waiting /> : <Problem error={error} />;
  return (
    <>
      <Head service={data} />
      <TabLinks label={w('tabs')}>
        {TABS.map(({ to, word }) => (
          <Link key={to} to={to} params={params} className="tab" activeOptions={{ exact: true }} replace>
            {w(word)}
          </Link>
        ))}
      </TabLinks>
      <KeptDrafts value={drafts}>
        <Outlet />
      </KeptDrafts>
    </>
  );
}

function Head({ service }: Readonly<{ service: ServiceView }>) {
  const w = useWords(serviceWords);
  const aw = useWords(actionWords);
  const said = useSaid();
  const { stack, name } = service;
  const actions = useMemo(() => serviceActions(service, aw), [service, aw]);
  const { tone } = serviceLook(service);
  // What its release waits for is told with the release.
  const why = tone === 'bad' ? whyOf(service) : service.waiting;
  return (
    <>
      <nav className="crumb" aria-label={w('back', { stack })}>
        <Link to="/stacks/$stack" params={{ stack }}>
          {w('back', { stack })}
        </Link>
      </nav>
      <div className="head">
        <h1>
          <bdi>{name}</bdi>
        </h1>
        <ServiceState service={service} />
        <div className="head-side">
          <ActionButtons actions={actions} />
          <CopyAs
            way={{
              cli: `berth service inspect ${shellWord(nameOf(service))}`,
              route: 'service.get',
              input: { stack, service: name },
            }}
            more={waysAtOnce(actions)}
          />
        </div>
      </div>
      {why !== '' && tone !== 'good' && (
        <div className={`health tone-${tone}`} role="status">
          <Icon name={tone === 'bad' ? 'warn' : 'clock'} size={22} />
          <div>{said(why)}</div>
        </div>
      )}
    </>
  );
}
