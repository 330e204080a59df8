import { Button } from '@mantine/core';
import { getRouteApi, Link, Outlet } from '@tanstack/react-router';
import { useMemo } from 'react';
import { BerthError } from '../../../../src/contract/page-client.ts';
import type { StackView } from '../../../../src/contract/v1/services.ts';
import { ActionButtons } from '../../actions/actions.tsx';
import { stackActions } from '../../actions/service-actions.tsx';
import { serviceWords } from '../../actions/service-words.ts';
import { useTitle } from '../../app/shell.tsx';
import { useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Problem } from '../../parts/problem.tsx';
import { RoleLink } from '../../parts/role-button.tsx';
import { Ago } from '../../parts/time.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { stackLook } from './look.ts';
import { TabLinks } from './tab-links.tsx';
import { useStack } from './use-stack.ts';
import { words } from './words.ts';
import './stacks.css';

const route = getRouteApi('/stacks/$stack');

/** The parts of a stack's page, each at an address of its own below the stack's. */
const TABS = [
  { to: '/stacks/$stack', word: 'services' },
  { to: '/stacks/$stack/picture', word: 'picture' },
  { to: '/stacks/$stack/containers', word: 'containers' },
  { to: '/stacks/$stack/logs', word: 'logs' },
  { to: '/stacks/$stack/history', word: 'history' },
] as const;

/** What is around every part of a stack's page. A stack that is not read again stays as it was: forms below keep what was typed. */
export function StackPage() {
  const w = useWords(words);
  const { stack: name } = route.useParams();
  const { data, error } = useStack(name);
  useTitle(name);
  const isGone = error instanceof BerthError && error.code === 'not_found';
  if (isGone)
    return (
      <div className="card">
        <Empty title={w('gone', { name: name.slice(0, 64) })} hint={w('gone.hint')}>
          <Button variant="default" renderRoot={(props) => <Link {...props} to="/stacks" />}>
            {w('title')}
          </Button>
        </Empty>
      </div>
    );
  if (data === undefined) return error === null ? <Waiting /> : <Problem error={error} />;
  return (
    <>
      <Head stack={data} />
      <TabLinks label={w('tabs')}>
        {TABS.map(({ to, word }) => (
          <Link
            key={to}
            to={to}
            params={{ stack: name }}
            className="tab"
            activeOptions={{ exact: true }}
            replace
          >
            {w(word)}
          </Link>
        ))}
      </TabLinks>
      <Outlet />
    </>
  );
}

function Head({ stack }: Readonly<{ stack: StackView }>) {
  const w = useWords(words);
  const aw = useWords(serviceWords);
  const { name, at, by, generation } = stack;
  const { state, tone } = stackLook(stack);
  const actions = useMemo(() => stackActions(stack, aw), [stack, aw]);
  const [before, after] = w('deployed', { when: '\0', by, n: generation }).split('\0');
  return (
    <>
      <div className="head">
        <h1>{name}</h1>
        <span className={`state tone-${tone}${tone === 'idle' ? ' hollow' : ''}`}>{w(`stack.${state}`)}</span>
        <div className="head-side">
          <RoleLink
            needs="operator"
            variant="default"
            renderRoot={(props) => <Link {...props} to="/stacks/$stack/edit" params={{ stack: name }} />}
          >
            {w('edit')}
          </RoleLink>
          <ActionButtons actions={actions} />
          <CopyAs way={{ cli: `berth stack ps ${name}`, route: 'stack.get', input: { stack: name } }} />
        </div>
      </div>
      <p className="note stack-note">
        {before}
        <Ago at={at} />
        {after}
      </p>
    </>
  );
}
