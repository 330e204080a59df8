import { useQuery } from '@tanstack/react-query';
import { client } from '../cluster/client.ts';
import { useLive } from '../cluster/use-cluster.tsx';
import { useText } from '../i18n/text.tsx';
import { Problem } from '../parts/problem.tsx';

type Props = Readonly<{ /** ID. */ node: string; name: string }>;

/** What goes with a host that is removed: the containers and volumes that the cluster has on it alone. */
export function NodeLoss({ node, name }: Props) {
  const t = useText();
  const live = useLive();
  const containers = live.containersOn(node).filter(({ managed }) => managed);
  const { data, error } = useQuery({
    queryKey: ['volumes'],
    queryFn: ({ signal }) => client.call('volume.list', {}, { signal }),
  });
  // What was made past the cluster, `h1/data`, is none of its own, and stays where it is.
  const volumes = (data?.volumes ?? []).filter(
    (one) => !one.name.includes('/') && one.hostNames.length === 1 && one.hostNames[0] === name,
  );
  if (error !== null) return <Problem error={error} />;
  if (containers.length + volumes.length === 0) return null;
  const lists = [
    ['remove.host.containers', containers],
    ['remove.host.volumes', volumes],
  ] as const;
  return lists.map(([key, lost]) => {
    const title = t(key, { n: lost.length });
    if (lost.length === 0) return null;
    return (
      <section key={key} aria-label={title}>
        <strong>{title}</strong>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys */}
        <ul className="moves" tabIndex={0}>
          {lost.map((one) => (
            <li key={one.name}>
              <bdi>{one.name}</bdi>
            </li>
          ))}
        </ul>
      </section>
    );
  });
}
