import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import type { NetworkView } from '../../../../src/contract/v1/networks.ts';
import { useTitle } from '../../app/shell.tsx';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useLanguage, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { FilteredList } from '../../parts/filtered-list.tsx';
import { hasWords } from '../../parts/has-words.ts';
import { Icon } from '../../parts/icons.tsx';
import { Meter } from '../../parts/meter.tsx';
import { Problem } from '../../parts/problem.tsx';
import { RoleButton } from '../../parts/role-button.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { CreateNetwork } from './create-network.tsx';
import '../../parts/rows.css';
import './networks.css';
import { ReachDialog } from './reach-dialog.tsx';
import { words } from './words.ts';

const route = getRouteApi('/networks');

export function NetworksPage() {
  const w = useWords(words);
  useTitle(w('title'));
  const { create, test, ...filter } = route.useSearch();
  const navigate = useNavigate();
  const ask = (what: Readonly<{ create?: true; test?: true }>) =>
    void navigate({ to: '/networks', search: { ...filter, ...what } });
  const { data, error } = useLiveQuery(['networks'], (signal) =>
    client.call('network.list', undefined, { signal }),
  );
  const networks = data?.networks;
  const own = networks?.filter((one) => !isEngines(one)) ?? [];
  return (
    <>
      <div className="head">
        <h1>{w('title')}</h1>
        {networks !== undefined && <span className="note">{w('count', { n: own.length })}</span>}
        <div className="head-side">
          <RoleButton needs="operator" variant="default" onClick={() => ask({ test: true })}>
            {w('test')}
          </RoleButton>
          <CopyAs way={{ cli: 'docker network ls', route: 'network.list' }} />
          <RoleButton
            needs="operator"
            leftSection={<Icon name="plus" />}
            onClick={() => ask({ create: true })}
          >
            {w('create')}
          </RoleButton>
        </div>
      </div>
      {error !== null && <Problem error={error} />}
      {networks === undefined && error === null && <Waiting />}
      {networks !== undefined && (
        <FilteredList
          items={networks}
          texts={{
            ...{ filter: w('filter'), check: w('hideBuiltIn'), count: w('count', { n: own.length }) },
            ...{ noMatch: w('noMatch'), none: w('none'), noneHint: w('noneHint') },
          }}
          isListed={isListed}
          matches={matches}
        >
          {(shown) => <Rows networks={shown} />}
        </FilteredList>
      )}
      {test === true && <ReachDialog members={[]} onClose={() => ask({})} />}
      {create === true && <CreateNetwork onClose={() => ask({})} />}
    </>
  );
}

/** Each engine has them; nobody looks for them first. */
function isEngines({ builtIn, name }: NetworkView): boolean {
  return builtIn || name.endsWith('/docker_gwbridge');
}

function isListed(network: NetworkView, withBuiltIn: boolean): boolean {
  return withBuiltIn || !isEngines(network);
}

function matches({ name, driver, subnets, stack }: NetworkView, text: string): boolean {
  return hasWords(text, [name, driver, stack, ...subnets]);
}

function Rows({ networks }: Readonly<{ networks: readonly NetworkView[] }>) {
  const w = useWords(words);
  const { language } = useLanguage();
  const number = new Intl.NumberFormat(language);
  return (
    <VirtualRows
      label={w('title')}
      rows={networks}
      rowHeight={56}
      maxHeight="calc(100dvh - 220px)"
      columns="minmax(180px, 2.2fr) 0.8fr minmax(110px, 1.3fr) minmax(120px, 1.2fr) minmax(80px, 0.7fr) minmax(130px, 1.2fr)"
      narrow="1.6fr 1fr"
      heads={[
        { text: w('name') },
        { text: w('driver'), wide: true },
        { text: w('span'), wide: true },
        { text: w('subnet') },
        { text: w('containers'), wide: true },
        { text: w('addresses'), wide: true },
      ]}
      render={(one) => [
        <span key="name">
          <Link to="/networks/$network" params={{ network: one.name }} title={one.name}>
            <bdi>{one.name}</bdi>
          </Link>{' '}
          <Chips network={one} />
        </span>,
        one.driver,
        <span key="span" title={one.hostNames.join(', ')}>
          {one.scope === 'cluster' ? w('span.cluster') : one.hostNames.join(', ') || w('nowhere')}
        </span>,
        <span key="subnet" className="mono" title={one.subnets.join(', ')}>
          {one.subnets.join(', ')}
        </span>,
        number.format(one.containers),
        one.addresses === undefined ? '' : <Addresses key="addresses" {...one.addresses} />,
      ]}
    />
  );
}

/** How much of its pools is not free. */
export function Addresses({ size, taken }: NonNullable<NetworkView['addresses']>) {
  const w = useWords(words);
  const { language } = useLanguage();
  const number = new Intl.NumberFormat(language, { notation: 'compact' });
  const text = w('ofSize', { taken: number.format(taken), size: number.format(Number(size)) });
  return <Meter label={w('addresses')} used={taken} all={Number(size)} text={text} hideLabel />;
}

export function Chips({ network }: Readonly<{ network: NetworkView }>) {
  const w = useWords(words);
  const { encrypted, internal, builtIn, managed } = network;
  return (
    <>
      {encrypted && <span className="chip">{w('encrypted')}</span>}{' '}
      {internal && <span className="chip">{w('internal')}</span>}{' '}
      {builtIn && <span className="chip">{w('builtIn')}</span>}
      {!managed && !builtIn && <span className="chip">{w('unmanaged')}</span>}
    </>
  );
}
