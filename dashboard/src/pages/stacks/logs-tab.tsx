import { NativeSelect } from '@mantine/core';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { usePicture } from '../../cluster/use-cluster.tsx';
import { useWords } from '../../i18n/text.tsx';
import { LogView } from '../logs/logs.tsx';
import { useStack } from './use-stack.ts';
import { words } from './words.ts';

const route = getRouteApi('/stacks/$stack/logs');

/** What all containers of a stack write, or those of one service, in the order of time. */
export function StackLogs() {
  const w = useWords(words);
  const { stack } = route.useParams();
  const { data } = useStack(stack);
  const { containers } = usePicture();
  const { service = '' } = route.useSearch();
  const navigate = useNavigate();
  const own = useMemo(
    () =>
      containers.filter(
        (one) => one.service?.stack === stack && (service === '' || one.service.name === service),
      ),
    [containers, stack, service],
  );
  const services = (data?.services ?? []).map(({ name }) => name);
  return (
    <div className="card rows">
      <LogView
        name={service === '' ? stack : `${stack}/${service}`}
        containers={own}
        stack={service === '' ? { stack } : { stack, service }}
      >
        {(choose) => (
          <NativeSelect
            aria-label={w('service')}
            value={service}
            onChange={(event) => {
              const { value } = event.currentTarget;
              const search = value === '' ? {} : { service: value };
              choose(
                () =>
                  void navigate({ from: '/stacks/$stack/logs', search, replace: true, resetScroll: false }),
              );
            }}
            data={[
              { value: '', label: w('allServices') },
              // The address may name one that is not known yet, or no more.
              ...[...new Set([...services, ...(service === '' ? [] : [service])])].map((name) => ({
                value: name,
                label: name,
              })),
            ]}
          />
        )}
      </LogView>
    </div>
  );
}
