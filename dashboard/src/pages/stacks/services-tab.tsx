import { getRouteApi, Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { readiness } from '../../../../src/contract/readiness.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useWords } from '../../i18n/text.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Meter } from '../../parts/meter.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { whyOf } from './look.ts';
import { ServiceState } from './service-state.tsx';
import { useStack } from './use-stack.ts';
import { words } from './words.ts';

const route = getRouteApi('/stacks/$stack');

/** The services of a stack, with what holds them up. */
export function StackServices() {
  const w = useWords(words);
  const said = useSaid();
  const { stack } = route.useParams();
  const { data } = useStack(stack);
  const rows = useMemo(
    () => (data?.services ?? []).map((service) => ({ id: service.name, service })),
    [data],
  );
  return (
    <div className="card rows">
      {rows.length === 0 && <Empty title={w('noServices')} hint={w('noServices.hint')} />}
      {rows.length > 0 && (
        <VirtualRows
          label={w('services')}
          rows={rows}
          rowHeight={56}
          maxHeight="calc(100dvh - 270px)"
          columns="minmax(120px, 1.2fr) minmax(130px, 1fr) minmax(100px, 0.9fr) minmax(120px, 1.4fr) 80px minmax(120px, 2fr)"
          narrow="1fr 1fr 104px"
          heads={[
            { text: w('service') },
            { text: w('state') },
            { text: w('ready') },
            { text: w('image'), wide: true },
            { text: w('release'), wide: true },
            { text: w('why'), wide: true },
          ]}
          render={({ service }) => {
            const { name, image, mode, release } = service;
            const counts = readiness(service);
            const why = said(whyOf(service));
            return [
              <Link key="name" to="/stacks/$stack/services/$service" params={{ stack, service: name }}>
                <bdi title={name}>{name}</bdi>
              </Link>,
              <span key="state" title={why}>
                <ServiceState service={service} />
              </span>,
              mode === 'cron' ? (
                ''
              ) : (
                <Meter
                  key="ready"
                  label={w('ready')}
                  used={counts.n}
                  all={counts.all}
                  text={w(counts.before > 0 ? 'of.versions' : 'of', counts)}
                  hideLabel
                  isGoal
                />
              ),
              <span key="image" title={image}>
                {image}
              </span>,
              `#${release.number}`,
              <span key="why" title={why}>
                {why}
              </span>,
            ];
          }}
        />
      )}
    </div>
  );
}
