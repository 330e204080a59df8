import { getRouteApi, Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { StackChange } from '../../../../src/contract/v1/services.ts';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useWords } from '../../i18n/text.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Problem } from '../../parts/problem.tsx';
import { Ago } from '../../parts/time.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { words } from './words.ts';

const route = getRouteApi('/stacks/$stack');

/** Who has released and scaled what, the newest first. */
export function StackHistory() {
  const w = useWords(words);
  const said = useSaid();
  const { stack } = route.useParams();
  const { data, error } = useLiveQuery(['stack.history', stack], (signal) =>
    client.call('stack.history', { stack }, { signal }),
  );
  const rows = useMemo(
    () =>
      (data?.changes ?? []).map((change, at, all) => ({
        // Counted from the oldest one, so that a row stays itself while others come before it.
        id: `${all.length - at}`,
        change,
      })),
    [data],
  );
  if (data === undefined) return error === null ? <Waiting /> : <Problem error={error} />;
  return (
    <div className="card rows">
      {rows.length === 0 && <Empty title={w('history.none')} hint={w('history.none.hint')} />}
      {rows.length > 0 && (
        <VirtualRows
          label={w('history')}
          rows={rows}
          rowHeight={44}
          maxHeight="calc(100dvh - 270px)"
          columns="130px minmax(110px, 1fr) minmax(160px, 1.5fr) minmax(80px, 0.8fr) minmax(140px, 2fr)"
          narrow="0.8fr 0.8fr 1.4fr"
          heads={[
            { text: w('history.when') },
            { text: w('service') },
            { text: w('history.what') },
            { text: w('by'), wide: true },
            { text: w('history.why'), wide: true },
          ]}
          render={({ change }) => {
            const { at, by, service } = change;
            const why = said(change.kind === 'scale' ? change.why : change.reason);
            return [
              <Ago key="at" at={at} />,
              <Link
                key="service"
                className="quiet"
                to="/stacks/$stack/services/$service"
                params={{ stack, service }}
              >
                <bdi title={service}>{service}</bdi>
              </Link>,
              <What key="what" change={change} />,
              <bdi key="by" title={by}>
                {by}
              </bdi>,
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

function What({ change }: Readonly<{ change: StackChange }>) {
  const w = useWords(words);
  if (change.kind === 'scale') return w('change.scale', { from: change.from, to: change.to });
  const { number: n, cause } = change;
  if (cause.kind !== 'rollback') return w(`change.${cause.kind}`, { n });
  return w(cause.automatic ? 'change.automatic' : 'change.rollback', { n, to: cause.to });
}
