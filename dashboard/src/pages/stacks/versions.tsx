import type { TrafficView } from '../../../../src/contract/v1/traffic.ts';
import { type Language, useLanguage, useWords } from '../../i18n/text.tsx';
import { msText, shareText } from '../../parts/format.ts';
import { releaseWords } from './release-words.ts';

type Figure = 'requests' | 'errors' | 'p50' | 'p95' | 'p99';

/** What is compared: the figure, and how it reads. */
const FIGURES: readonly Readonly<{
  name: Figure;
  of(traffic: TrafficView): number | null;
  text(value: number, language: Language): string;
}>[] = [
  {
    name: 'requests',
    of: ({ requestsPerSecond }) => requestsPerSecond,
    text: (value, language) => new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(value),
  },
  {
    name: 'errors',
    of: ({ requests, errorRate }) => (requests === 0 ? null : errorRate),
    text: shareText,
  },
  { name: 'p50', of: ({ p50 }) => p50, text: msText },
  { name: 'p95', of: ({ p95 }) => p95, text: msText },
  { name: 'p99', of: ({ p99 }) => p99, text: msText },
];

/** Containers of one release of a service, and how they answer. */
type Version = Readonly<{
  release: number;
  image: string;
  containers: number;
  ready: number;
  weight: number | null;
  traffic: TrafficView;
}>;

type Props = Readonly<{ versions: readonly Version[]; missing: readonly string[] }>;

/** The versions that serve side by side: who gets how many of the requests, and how each answers them. */
export function Versions({ versions, missing }: Props) {
  const w = useWords(releaseWords);
  const { language } = useLanguage();
  const sideOf = (at: number) => (versions.length < 2 ? '' : w(at === 0 ? 'new' : 'old'));
  return (
    <section aria-labelledby="versions" className="versions">
      <h3 id="versions">{w('versions')}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys */}
      <div className="versions-scroll" tabIndex={0} role="group" aria-labelledby="versions">
        <table>
          <thead>
            <tr>
              <td />
              {versions.map(({ release: n, image, containers, ready, weight }, at) => (
                <th key={n} scope="col">
                  {w('version', { n })} {sideOf(at) !== '' && <span className="chip">{sideOf(at)}</span>}
                  <small title={image}>{image}</small>
                  <small>{w('ready', { ready, all: containers })}</small>
                  {weight !== null && <small>{w('share', { n: weight })}</small>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {FIGURES.map(({ name, of, text }) => {
              const values = versions.map(({ traffic }) => of(traffic));
              const most = Math.max(0, ...values.map((value) => value ?? 0));
              return (
                <tr key={name}>
                  <th scope="row">{w(name)}</th>
                  {versions.map(({ release }, at) => (
                    <td key={release}>
                      <Bar
                        value={values[at] ?? null}
                        most={most}
                        isNew={at === 0}
                        text={shown(values[at], text)}
                      />
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <p className="note">
        {w('lastMinute')} {missing.length > 0 && w('missing', { hosts: missing.join(', ') })}
      </p>
    </section>
  );

  function shown(
    value: number | null | undefined,
    text: (value: number, language: Language) => string,
  ): string {
    return value == null ? w('none') : text(value, language);
  }
}

type BarProps = Readonly<{ value: number | null; most: number; isNew: boolean; text: string }>;

/** A figure beside those of the other versions, as long as it is large. */
function Bar({ value, most, isNew, text }: BarProps) {
  const share = value === null || most === 0 ? 0 : value / most;
  return (
    <div className={`bar ${isNew ? 'new' : ''}`}>
      <span>{text}</span>
      {share > 0 && <div aria-hidden="true" style={{ width: `${share * 100}%` }} />}
    </div>
  );
}
