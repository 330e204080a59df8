import { useState } from 'react';
import type { AddressView } from '../../../../src/contract/v1/addresses.ts';
import type { NetworkDetail } from '../../../../src/contract/v1/networks.ts';
import type { RouteOutput } from '../../../../src/contract/v1/route.ts';
import type { Routes } from '../../../../src/contract/v1/routes.ts';
import { useActions } from '../../actions/actions.tsx';
import { useLanguage, useText, useWords } from '../../i18n/text.tsx';
import { Problem } from '../../parts/problem.tsx';
import { RoleButton } from '../../parts/role-button.tsx';
import { AddressGrid } from './address-grid.tsx';
import { addressMap, type Cell, type CellState, countStates, type Run } from './address-map.ts';
import { holderText } from './holder-text.ts';
import { releaseAddress } from './network-actions.ts';
import { ReserveDialog } from './reserve-dialog.tsx';
import { words } from './words.ts';

type Props = Readonly<{
  network: NetworkDetail;
  addresses: RouteOutput<Routes['ip.list']> | undefined;
  error: unknown;
}>;

/** Which addresses of a network are taken, by whom, and what may be done about them. */
export function AddressCard({ network, addresses, error }: Props) {
  const w = useWords(words);
  const t = useText();
  const [wanted, setWanted] = useState<string>();
  const { scope, pools } = network;
  const reserved = addresses?.addresses.filter(({ reservedFor }) => reservedFor !== undefined) ?? [];
  return (
    <section className="card card-body addresses" aria-labelledby="addresses">
      <div className="addresses-head">
        <h2 id="addresses">{w('map')}</h2>
        {scope === 'cluster' && (
          <RoleButton needs="operator" size="xs" variant="default" onClick={() => setWanted('')}>
            {w('reserve')}
          </RoleButton>
        )}
      </div>
      {scope === 'host' && <p className="note">{pools.length > 0 ? w('mapEngine') : w('mapNone')}</p>}
      {error !== null && error !== undefined && <Problem error={error} />}
      {scope === 'cluster' && addresses === undefined && (error === null || error === undefined) && (
        <p className="note" aria-busy="true">
          {t('app.loading')}
        </p>
      )}
      {scope === 'cluster' &&
        addresses !== undefined &&
        pools.map((pool) => (
          <PoolMap
            key={pool.subnet}
            pool={pool}
            addresses={addresses.addresses}
            network={network}
            onReserve={setWanted}
          />
        ))}
      {reserved.length > 0 && <Reservations network={network} reserved={reserved} />}
      {wanted !== undefined && (
        <ReserveDialog network={network} ip={wanted} onClose={() => setWanted(undefined)} />
      )}
    </section>
  );
}

type PoolProps = Readonly<{
  pool: NetworkDetail['pools'][number];
  addresses: readonly AddressView[];
  network: NetworkDetail;
  onReserve(ip: string): void;
}>;

function PoolMap({ pool, addresses, network, onReserve }: PoolProps) {
  const w = useWords(words);
  const map = addressMap(pool, addresses);
  const [at, setAt] = useState<string>();
  const { subnet, range } = pool;
  return (
    <div className="pool">
      <div className="note">
        <span className="mono">{subnet}</span>
        {range !== undefined && <> · {w('mapRange', { range })}</>}
      </div>
      {map.kind === 'grid' && (
        <>
          <AddressGrid
            label={w('mapOf', { subnet })}
            cells={map.cells}
            at={at}
            onGo={setAt}
            describe={(cell) => `${cell.ip} ${w(`cell.${cell.state}`)} ${holderText(cell.address, w)}`.trim()}
          />
          <Legend cells={map.cells} />
          <Chosen cell={map.cells.find(({ ip }) => ip === at)} network={network} onReserve={onReserve} />
        </>
      )}
      {map.kind === 'runs' && <Runs runs={map.runs} label={w('mapOf', { subnet })} />}
    </div>
  );
}

const STATES: readonly CellState[] = ['used', 'reserved', 'leaving', 'gateway', 'free', 'outside'];

function Legend({ cells }: Readonly<{ cells: readonly Cell[] }>) {
  const w = useWords(words);
  const counts = countStates(cells);
  return (
    <ul className="legend cell-legend">
      {STATES.filter((state) => counts.has(state)).map((state) => (
        <li key={state}>
          <span className={`cell-sample cell-${state}`} aria-hidden="true" />{' '}
          {w('cellCount', { n: counts.get(state) ?? 0, state: w(`cell.${state}`) })}
        </li>
      ))}
    </ul>
  );
}

type ChosenProps = Readonly<{
  cell: Cell | undefined;
  network: NetworkDetail;
  onReserve(ip: string): void;
}>;

/** What is known of the address that the keys or the mouse are on. */
function Chosen({ cell, network, onReserve }: ChosenProps) {
  const w = useWords(words);
  const { start } = useActions();
  if (cell === undefined) return <p className="note chosen">{w('mapHelp')}</p>;
  const { ip, state, address } = cell;
  return (
    <div className="chosen">
      <div role="status">
        <strong className="mono">{ip}</strong> {w(`cell.${state}`)}
        {address !== undefined && (
          <div className="note">
            <bdi>{holderText(address, w)}</bdi>
            {address.reservedFor !== undefined && (
              <>
                {' · '}
                <bdi>{w('cellReservedFor', { name: address.reservedFor })}</bdi>
              </>
            )}
            {address.freeAt !== undefined && <FreeAt at={address.freeAt} />}
          </div>
        )}
      </div>
      {state === 'free' && (
        <RoleButton needs="operator" size="xs" variant="default" onClick={() => onReserve(ip)}>
          {w('reserveThis', { ip })}
        </RoleButton>
      )}
      {address?.reservedFor !== undefined && (
        <RoleButton
          needs="operator"
          size="xs"
          variant="default"
          onClick={() => start(releaseAddress(network, address, w))}
        >
          {w('release')}
        </RoleButton>
      )}
    </div>
  );
}

function FreeAt({ at }: Readonly<{ at: number }>) {
  const w = useWords(words);
  const { language } = useLanguage();
  const time = new Intl.DateTimeFormat(language, { timeStyle: 'short', hourCycle: 'h23' }).format(at);
  return <> · {w('cellFreeAt', { time })}</>;
}

function Runs({ runs, label }: Readonly<{ runs: readonly Run[]; label: string }>) {
  const w = useWords(words);
  const { language } = useLanguage();
  const number = new Intl.NumberFormat(language);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys
    <ul className="runs" aria-label={label} tabIndex={0}>
      {runs
        .filter(({ state }) => state !== 'outside')
        .map(({ first, last, count, state, address }) => (
          <li key={first}>
            <span className={`cell-sample cell-${state}`} aria-hidden="true" />
            <span className="mono">{first === last ? first : `${first} – ${last}`}</span>
            <span className="note">
              {w(`cell.${state}`)}
              {address === undefined
                ? ` · ${w('runCount', { n: count === '1' ? 1 : number.format(BigInt(count)) })}`
                : ` · ${holderText(address, w)}`}
            </span>
          </li>
        ))}
    </ul>
  );
}

type ReservationsProps = Readonly<{ network: NetworkDetail; reserved: readonly AddressView[] }>;

function Reservations({ network, reserved }: ReservationsProps) {
  const w = useWords(words);
  const { start } = useActions();
  return (
    <ul className="reservations" aria-label={w('cell.reserved')}>
      {reserved.map((address) => (
        <li key={address.ip}>
          <span className="mono">{address.ip}</span>
          <bdi title={address.reservedFor}>{address.reservedFor}</bdi>
          <span className="note">{w(`cell.${address.state}`)}</span>
          <RoleButton
            needs="operator"
            size="compact-xs"
            variant="default"
            aria-label={w('releaseOf', { name: address.reservedFor ?? '' })}
            onClick={() => start(releaseAddress(network, address, w))}
          >
            {w('release')}
          </RoleButton>
        </li>
      ))}
    </ul>
  );
}
