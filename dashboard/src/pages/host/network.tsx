import { Link } from '@tanstack/react-router';
import type { Node } from '../../../../src/contract/v1/nodes.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { Ago } from '../../parts/time.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { words } from './words.ts';

/** @param node as `node.get` has it, with paths and router */
export function NetworkTab({ node }: Readonly<{ node: Node }>) {
  const t = useText();
  const w = useWords(words);
  const said = useSaid();
  const drivers = Object.entries(node.networkDrivers ?? {});
  const paths = (node.paths ?? []).map((path) => ({ ...path, id: `${path.name} ${path.address}` }));
  return (
    <>
      <div className="grid">
        <section className="card card-body">
          <h2>{w('drivers.title')}</h2>
          {drivers.length === 0 && <p className="note">{w('drivers.none')}</p>}
          <dl className="facts">
            {drivers.map(([name, { usable, reason }]) => (
              <DriverFact key={name} name={name} usable={usable} reason={reason} />
            ))}
            {node.wireMtu !== undefined && (
              <>
                <dt>{w('mtu')}</dt>
                <dd>{node.wireMtu} B</dd>
              </>
            )}
          </dl>
        </section>
        <section className="card card-body">
          <h2>{w('router.title')}</h2>
          {node.router === undefined && <p className="note">{w('router.none')}</p>}
          {node.router !== undefined && (
            <>
              <span className={`state tone-${node.router.serving ? 'good' : 'bad'}`}>
                {w(node.router.serving ? 'router.serving' : 'router.not')}
              </span>
              {node.router.error !== '' && <p className="note">{said(node.router.error)}</p>}
            </>
          )}
        </section>
      </div>
      <section className="card rows" aria-labelledby="wires">
        <div className="card-body">
          <h2 id="wires">{w('wires.title')}</h2>
          <p className="note">{paths.length === 0 ? w('wires.none') : w('wires.hint')}</p>
        </div>
        {paths.length > 0 && (
          <VirtualRows
            label={w('wires.title')}
            rows={paths}
            rowHeight={44}
            maxHeight="480px"
            columns="minmax(120px, 1fr) 2fr 1fr 1fr"
            narrow="1fr 1.6fr"
            heads={[
              { text: w('wires.host') },
              { text: w('wires.state') },
              { text: t('hosts.address'), wide: true },
              { text: w('wires.since'), wide: true },
            ]}
            render={({ name, address, ms, reason: text, since }) => {
              const reason = said(text);
              return [
                <Link key="name" to="/hosts/$host" params={{ host: name }}>
                  <bdi>{name}</bdi>
                </Link>,
                <span key="state" className={`state tone-${ms === null ? 'bad' : 'good'}`} title={reason}>
                  {ms === null ? w('wires.broken', { reason }) : w('wires.works', { ms: ms.toFixed(1) })}
                </span>,
                address,
                <Ago key="since" at={since} />,
              ];
            }}
          />
        )}
      </section>
    </>
  );
}

function DriverFact({ name, usable, reason }: Readonly<{ name: string; usable: boolean; reason: string }>) {
  const w = useWords(words);
  const said = useSaid();
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <span className={`state tone-${usable ? 'good' : 'idle'}`}>
          {usable ? w('drivers.usable') : said(reason)}
        </span>
      </dd>
    </>
  );
}
