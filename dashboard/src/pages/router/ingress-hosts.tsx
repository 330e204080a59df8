import { Link } from '@tanstack/react-router';
import { client } from '../../cluster/client.ts';
import { usePolledQuery } from '../../cluster/use-polled-query.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useWords } from '../../i18n/text.tsx';
import { Asked } from '../../parts/asked.tsx';
import { Empty } from '../../parts/empty.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { words } from './words.ts';

const order = new Intl.Collator('en', { numeric: true }).compare;

/** A router is started and its reason told without an event, milliseconds. */
const EVERY_MS = 3_000;

/** Hosts that domains lead to, and whether they serve. */
export function IngressHosts() {
  const w = useWords(words);
  const said = useSaid();
  const query = usePolledQuery(
    ['routes'],
    (signal) => client.call('route.list', { brief: true }, { signal }),
    EVERY_MS,
  );
  return (
    <Asked query={query}>
      {({ ingress }) =>
        ingress.length === 0 ? (
          <div className="card">
            <Empty title={w('ingress.none')} hint={w('ingress.none.hint')} />
          </div>
        ) : (
          <>
            <p className="note">{w('ingress.text')}</p>
            <div className="card rows">
              <VirtualRows
                label={w('ingress')}
                rows={ingress.map((one) => ({ ...one, id: one.host })).sort((a, b) => order(a.host, b.host))}
                rowHeight={44}
                maxHeight="calc(100dvh - 260px)"
                columns="1fr 1fr 130px 2fr"
                narrow="1fr 1fr 1fr"
                heads={[
                  { text: w('ingress.host') },
                  { text: w('ingress.address') },
                  { text: w('ingress.state') },
                  { text: w('ingress.error'), wide: true },
                ]}
                render={({ host, address, serving, error }) => [
                  <Link key="host" to="/hosts/$host" params={{ host }}>
                    {host}
                  </Link>,
                  <span key="address" className="mono">
                    {address}
                  </span>,
                  <span key="state" className={`state tone-${serving ? 'good' : 'bad'}`} title={said(error)}>
                    {w(serving ? 'ingress.serving' : 'ingress.not')}
                  </span>,
                  <span key="error" title={said(error)}>
                    {said(error)}
                  </span>,
                ]}
              />
            </div>
          </>
        )
      }
    </Asked>
  );
}
