import type { BalancerView } from '../../../../src/contract/v1/balancers.ts';
import type { Action } from '../../actions/action.ts';
import { type There, thereBy } from '../../cluster/there.ts';
import type { Text } from '../../i18n/text.tsx';
import { domainText } from '../../parts/domain-text.ts';
import { shellWord } from '../../parts/format.ts';
import type { RouterWords } from './route-text.ts';

type Removed = Readonly<{ name: string }>;

/** Another balancer may have the name by now. @param has what of it is to be there as well */
export function balancerThere(
  { name, createdAt }: Pick<BalancerView, 'name' | 'createdAt'>,
  has: (found: BalancerView) => boolean = () => true,
): There {
  return thereBy('balancer.list', undefined, ({ balancers }) =>
    balancers.some((one) => one.name === name && one.createdAt === createdAt && has(one)),
  );
}

/** @param listens the domains and ports at which nothing answers then */
export function removeBalancer(balancer: BalancerView, w: RouterWords, t: Text): Action {
  const { name, listens } = balancer;
  return {
    ...{ id: 'lb-remove', label: w('lb.remove'), target: name, needs: 'operator', isDangerous: true },
    way: { cli: `berth lb rm ${name}`, route: 'balancer.delete', input: { balancer: name } },
    there: balancerThere(balancer),
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
    there: thereBy('certificate.list', undefined, ({ certificates }) =>
      certificates.some((one) => one.name === name),
    ),
    confirm: {
      title: w('cert.remove.title', { name }),
      texts: [w('cert.remove.text', { domains: domainText(domains.join(', ')) })],
      typed: { label: t('action.type', { name }), word: name },
    },
  };
}
