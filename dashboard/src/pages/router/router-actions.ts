import type { Action } from '../../actions/action.ts';
import type { Text } from '../../i18n/text.tsx';
import { domainText } from '../../parts/domain-text.ts';
import { shellWord } from '../../parts/format.ts';
import type { RouterWords } from './route-text.ts';

type Removed = Readonly<{ name: string }>;

/** @param listens the domains and ports at which nothing answers then */
export function removeBalancer(
  { name, listens }: Removed & Readonly<{ listens: readonly string[] }>,
  w: RouterWords,
  t: Text,
): Action {
  return {
    ...{ id: 'lb-remove', label: w('lb.remove'), target: name, needs: 'operator', isDangerous: true },
    way: { cli: `berth lb rm ${name}`, route: 'balancer.delete', input: { balancer: name } },
    confirm: {
      title: w('lb.remove.title', { name }),
      texts: [
        listens.length === 0
          ? w('lb.remove.idle')
          : w('lb.remove.text', { listens: domainText(listens.join(', ')) }),
      ],
      typed: { label: t('action.type', { name }), word: name },
    },
  };
}

/** @param domains that are without TLS then */
export function removeCertificate(
  { name, domains }: Removed & Readonly<{ domains: readonly string[] }>,
  w: RouterWords,
  t: Text,
): Action {
  return {
    ...{ id: 'cert-remove', label: w('cert.remove'), target: name, needs: 'operator', isDangerous: true },
    way: {
      cli: `berth cert rm ${shellWord(name)}`,
      route: 'certificate.delete',
      input: { certificate: name },
    },
    confirm: {
      title: w('cert.remove.title', { name }),
      texts: [w('cert.remove.text', { domains: domainText(domains.join(', ')) })],
      typed: { label: t('action.type', { name }), word: name },
    },
  };
}
