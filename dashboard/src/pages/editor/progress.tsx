import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { readiness } from '../../../../src/contract/readiness.ts';
import type { ServiceView } from '../../../../src/contract/v1/services.ts';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useWords } from '../../i18n/text.tsx';
import { Domain } from '../../parts/domain.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Problem } from '../../parts/problem.tsx';
import { stackLook, whyOf } from '../stacks/look.ts';
import { ReadyCount, ServiceState } from '../stacks/service-state.tsx';
import { useStack } from '../stacks/use-stack.ts';
import { words } from './words.ts';

/** A deployment on its way: each service, what holds it up, and where it is to be found at the end. */
export function Progress({ stack }: Readonly<{ stack: string }>) {
  const w = useWords(words);
  const { data, error } = useStack(stack);
  if (data === undefined)
    return error === null ? <p className="note">{w('checking')}</p> : <Problem error={error} />;
  const { state, ready, wanted } = stackLook(data);
  const tone = state === 'bad' ? 'bad' : state === 'good' || state === 'idle' ? 'good' : 'busy';
  const text =
    tone === 'bad'
      ? w('progress.bad', { name: stack })
      : tone === 'good'
        ? w('progress.done', { name: stack })
        : w('progress.busy', { name: stack, ready, wanted });
  return (
    <section className="card card-body progress" aria-label={w('progress')}>
      <div className={`health tone-${tone}`} role="status">
        <Icon name={tone === 'good' ? 'well' : tone === 'bad' ? 'warn' : 'clock'} size={22} />
        <div>
          <strong>{text}</strong>
          {tone === 'good' && <Lead stack={stack} />}
          <div className="progress-links">
            <Button
              size="xs"
              variant="default"
              renderRoot={(props) => <Link {...props} to="/stacks/$stack" params={{ stack }} />}
            >
              {w('progress.open')}
            </Button>
            <Button
              size="xs"
              variant="default"
              renderRoot={(props) => <Link {...props} to="/stacks/$stack/picture" params={{ stack }} />}
            >
              {w('progress.picture')}
            </Button>
          </div>
        </div>
      </div>
      <ul className="progress-list">
        {data.services.map((service) => (
          <Service key={service.name} service={service} />
        ))}
      </ul>
    </section>
  );
}

function Service({ service }: Readonly<{ service: ServiceView }>) {
  const said = useSaid();
  const { name } = service;
  const { n, all } = readiness(service);
  const why = said(whyOf(service));
  return (
    <li>
      <bdi className="progress-name" title={name}>
        {name}
      </bdi>
      <ServiceState service={service} />
      <span className="progress-count">
        <ReadyCount service={service} />
      </span>
      <div className="meter-bar" aria-hidden="true">
        <div style={{ width: `${all === 0 ? 100 : (100 * n) / all}%` }} />
      </div>
      {why !== '' && <div className="progress-why">{why}</div>}
    </li>
  );
}

/** Domains and ports that lead to the stack. */
function Lead({ stack }: Readonly<{ stack: string }>) {
  const w = useWords(words);
  const { data } = useLiveQuery(['routes'], (signal) =>
    client.call('route.list', { brief: true }, { signal }),
  );
  const own = data?.routes.filter(({ service }) => service?.startsWith(`${stack}/`)) ?? [];
  if (own.length === 0) return null;
  return (
    <div>
      {w('progress.lead')}{' '}
      {own.map(({ name }) => (
        <span key={name} className="label">
          <Domain name={name} />
        </span>
      ))}
    </div>
  );
}
