import { useWords } from '../../i18n/text.tsx';
import type { ColourBy } from './host-paint.ts';
import { FIRST_SERVICE } from './look.ts';
import { words } from './words.ts';

type Props = Readonly<{
  by: ColourBy;
  /** How many containers each has. */
  services: ReadonlyMap<string, number>;
  colours: ReadonlyMap<string, number>;
}>;

/** More would be taller than the map. */
const MOST = 14;

export function Legend({ by, services, colours }: Props) {
  const w = useWords(words);
  const all = [...services].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return (
    <ul className="topo-legend" aria-label={w('legend')}>
      {by === 'health' &&
        (['good', 'busy', 'bad', 'idle'] as const).map((tone) => (
          <li key={tone}>
            <i className={`tone-${tone}`} style={{ background: 'var(--tone)' }} />
            {w(`legend.${tone}`)}
          </li>
        ))}
      {by === 'service' && (
        <>
          {all.slice(0, MOST).map(([name, count]) => (
            <li key={name}>
              <i
                style={{
                  background: `var(--service-${(colours.get(name) ?? FIRST_SERVICE) - FIRST_SERVICE})`,
                }}
              />
              <bdi title={name}>{name}</bdi> {count}
            </li>
          ))}
          {all.length > MOST && <li>{w('legend.more', { n: all.length - MOST })}</li>}
          <li>
            <i style={{ background: 'var(--no-service)' }} />
            {w('legend.none')}
          </li>
        </>
      )}
      <li>
        <i style={{ background: 'var(--bar)' }} />
        {w('legend.reserved')}
      </li>
      <li>
        <i style={{ background: 'var(--used)' }} />
        {w('legend.used')}
      </li>
      <li>
        <i className="dashed" />
        {w('legend.cordoned')}
      </li>
    </ul>
  );
}
