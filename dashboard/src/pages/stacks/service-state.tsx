import { readiness } from '../../../../src/contract/readiness.ts';
import type { ServiceView } from '../../../../src/contract/v1/services.ts';
import { useWords } from '../../i18n/text.tsx';
import { serviceLook } from './look.ts';
import { words } from './words.ts';

/** How a service is, in words, with a colour for those who see it. */
export function ServiceState({ service }: Readonly<{ service: ServiceView }>) {
  const w = useWords(words);
  const { state, tone } = serviceLook(service);
  return (
    <span className={`state tone-${tone}${tone === 'idle' ? ' hollow' : ''}`}>{w(`state.${state}`)}</span>
  );
}

/** How many of its containers are ready, in few letters. */
export function ReadyCount({ service }: Readonly<{ service: ServiceView }>) {
  const w = useWords(words);
  const counts = readiness(service);
  return <>{w(counts.before > 0 ? 'few.versions' : 'few', counts)}</>;
}
