import { NativeSelect } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { usePicture } from '../../cluster/use-cluster.tsx';
import { useWords } from '../../i18n/text.tsx';
import { LogView } from '../logs/logs.tsx';
import { useStack } from './use-stack.ts';
import { words } from './words.ts';

const route = getRouteApi('/stacks/$stack');

/** What all containers of a stack write, or those of one service, in the order of time. */
export function StackLogs() {
  const w = useWords(words);
  const { stack } = route.useParams();
  const { data } = useStack(stack);
  const { containers } = usePicture();
  const [service, setService] = useState('');
  const own = useMemo(
    () =>
      containers.filter(
        (one) => one.service?.stack === stack && (service === '' || one.service.name === service),
      ),
    [containers, stack, service],
  );
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
              choose(() => setService(value));
            }}
            data={[
              { value: '', label: w('allServices') },
              ...(data?.services ?? []).map(({ name }) => ({ value: name, label: name })),
            ]}
          />
        )}
      </LogView>
    </div>
  );
}
