import { Button, Switch, VisuallyHidden } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { type CSSProperties, useEffect, useMemo, useRef, useState } from 'react';
import { messageOf } from '../../../../src/contract/page-client.ts';
import { readiness } from '../../../../src/contract/readiness.ts';
import type { ServiceView } from '../../../../src/contract/v1/services.ts';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useWords } from '../../i18n/text.tsx';
import { domainText, domainTitle } from '../../parts/domain-text.ts';
import { Empty } from '../../parts/empty.tsx';
import { Problem } from '../../parts/problem.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { serviceLook, whyOf } from '../stacks/look.ts';
import { ReadyCount, ServiceState } from '../stacks/service-state.tsx';
import { useStack } from '../stacks/use-stack.ts';
import { type Layout, layoutOf, type Placed, WIDTH } from './layout.ts';
import { type Lead, namesAt, type Part, type Shape, type StackSpec, shapeOf } from './shape.ts';
import { words } from './words.ts';
import './stack-picture.css';
import '@mantine/core/styles/Switch.css';

const route = getRouteApi('/stacks/$stack/picture');
/** Beyond so many services the networks would hide everything else. */
const MOST_WITH_NETWORKS = 15;
const ZOOM = { least: 0.25, most: 2, step: 1.25 };

/** A stack as a graph, with how each service is now. */
export function StackPicture() {
  const w = useWords(words);
  const { stack: name } = route.useParams();
  const { data, error } = useStack(name);
  const routes = useLiveQuery(['routes'], (signal) => client.call('route.list', { brief: true }, { signal }));
  if (data === undefined) return error === null ? <Waiting /> : <Problem error={error} />;
  const { spec, services } = data;
  if (spec.services.length + spec.externals.length === 0)
    return (
      <div className="card">
        <Empty title={w('nothing')} hint={w('nothing.hint')}>
          <Button
            variant="default"
            renderRoot={(props) => <Link {...props} to="/stacks/$stack/edit" params={{ stack: name }} />}
          >
            {w('edit')}
          </Button>
        </Empty>
      </div>
    );
  const prefix = `${name}/`;
  const leads = (routes.data?.routes ?? []).flatMap((one): Lead[] =>
    one.service?.startsWith(prefix) === true
      ? [{ name: one.name, service: one.service.slice(prefix.length) }]
      : [],
  );
  return (
    <>
      {routes.error !== null && <p className="note">{w('routes', { reason: messageOf(routes.error) })}</p>}
      <Picture stack={name} spec={spec} services={services} leads={leads} />
    </>
  );
}

type Props = Readonly<{
  stack: string;
  spec: StackSpec;
  services: readonly ServiceView[];
  leads: readonly Lead[];
}>;

function Picture({ stack, spec, services, leads }: Props) {
  const w = useWords(words);
  // What is drawn moves only where something else is to be drawn, not with each figure.
  const drawn = JSON.stringify([spec, leads]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `drawn` is both of them
  const shape = useMemo(() => shapeOf(spec, leads), [drawn]);
  const [withNetworks, setNetworks] = useState(
    spec.networks.length > 1 && spec.services.length <= MOST_WITH_NETWORKS,
  );
  const layout = useMemo(() => layoutOf(shape, withNetworks), [shape, withNetworks]);
  const views = useMemo(() => new Map(services.map((one) => [one.name, one])), [services]);
  return (
    <section className="card picture" aria-label={w('picture')}>
      <Canvas stack={stack} shape={shape} layout={layout} views={views}>
        {spec.networks.length > 0 && (
          <Switch
            size="sm"
            label={w('networks')}
            checked={withNetworks}
            onChange={(event) => setNetworks(event.currentTarget.checked)}
          />
        )}
      </Canvas>
      <details className="picture-text">
        <summary>{w('text')}</summary>
        <ul>
          {shape.parts
            .filter(({ kind }) => kind === 'service')
            .map((part) => (
              <li key={part.id}>
                <Link
                  to="/stacks/$stack/services/$service"
                  params={{ stack, service: part.name }}
                  className="picture-link"
                >
                  <bdi>{part.name}</bdi>
                </Link>{' '}
                <PartText part={part} shape={shape} view={views.get(part.name)} />
              </li>
            ))}
        </ul>
      </details>
    </section>
  );
}

type Views = ReadonlyMap<string, ServiceView>;
type CanvasProps = Readonly<{
  stack: string;
  shape: Shape;
  layout: Layout;
  views: Views;
  children: React.ReactNode;
}>;

function Canvas({ stack, shape, layout, views, children }: CanvasProps) {
  const w = useWords(words);
  const frame = useRef<HTMLDivElement>(null);
  const [zoom, setZoom] = useState<number>();
  const [room, setRoom] = useState(0);
  const [near, setNear] = useState<string>();
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => setRoom(entry?.contentRect.width ?? 0));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const { width, height, placed, lines } = layout;
  // As large as fits, and not larger than it was drawn; what is smaller than can be read is scrolled instead.
  const fit = room === 0 ? 1 : Math.max(0.75, Math.min(1, room / width));
  const scale = zoom ?? fit;
  const to = (next: number) => setZoom(Math.min(ZOOM.most, Math.max(ZOOM.least, next)));
  const touched = new Set(
    near === undefined
      ? []
      : lines.flatMap(({ edge }) => (edge.from === near || edge.to === near ? [edge.from, edge.to] : [])),
  );
  const inner: CSSProperties = { width, height, transform: `scale(${scale})` };
  return (
    <>
      <div className="picture-tools">
        {children}
        <Legend kinds={new Set(lines.map(({ edge }) => edge.kind))} />
        <Button.Group>
          <Button
            variant="default"
            size="xs"
            aria-label={w('zoom.out')}
            onClick={() => to(scale / ZOOM.step)}
          >
            −
          </Button>
          <Button variant="default" size="xs" onClick={() => setZoom(undefined)}>
            {w('zoom.fit')}
          </Button>
          <Button variant="default" size="xs" aria-label={w('zoom.in')} onClick={() => to(scale * ZOOM.step)}>
            +
          </Button>
        </Button.Group>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys */}
      <section className="picture-frame" ref={frame} tabIndex={0} aria-label={w('label', { name: stack })}>
        <div style={{ width: width * scale, height: height * scale }}>
          <div className="picture-inner" style={inner}>
            <svg width={width} height={height} className="picture-lines" aria-hidden="true" focusable="false">
              {lines.map(({ edge, path }) => (
                <path
                  key={`${edge.kind} ${edge.from} ${edge.to}`}
                  d={path}
                  className={`line-${edge.kind}${near !== undefined && edge.from !== near && edge.to !== near ? ' dim' : ''}`}
                />
              ))}
            </svg>
            {placed.map((one) => (
              <Card
                key={one.part.id}
                stack={stack}
                placed={one}
                shape={shape}
                view={views.get(one.part.name)}
                isNear={one.part.id === near || touched.has(one.part.id)}
                onNear={setNear}
              />
            ))}
          </div>
        </div>
      </section>
    </>
  );
}

function Legend({ kinds }: Readonly<{ kinds: ReadonlySet<string> }>) {
  const w = useWords(words);
  return (
    <ul className="picture-legend">
      {(['leads', 'waits', 'mounts', 'joins'] as const)
        .filter((kind) => kinds.has(kind))
        .map((kind) => (
          <li key={kind}>
            <svg width="28" height="8" aria-hidden="true" focusable="false">
              <path d="M0 4h28" className={`line-${kind}`} />
            </svg>
            {w(`legend.${kind}`)}
          </li>
        ))}
    </ul>
  );
}

type CardProps = Readonly<{
  stack: string;
  placed: Placed;
  shape: Shape;
  view: ServiceView | undefined;
  /** Pointed at, or at the other end of a line of what is. */
  isNear: boolean;
  onNear(id: string | undefined): void;
}>;

function Card({ stack, placed: { part, x, y, height }, shape, view, isNear, onNear }: CardProps) {
  const w = useWords(words);
  const said = useSaid();
  const style: CSSProperties = { left: x, top: y, width: WIDTH, height };
  const events = {
    onMouseEnter: () => onNear(part.id),
    onMouseLeave: () => onNear(undefined),
    onFocus: () => onNear(part.id),
    onBlur: () => onNear(undefined),
  };
  const near = isNear ? ' near' : '';
  if (part.kind !== 'service')
    return (
      <div
        className={`part part-${part.kind}${near}`}
        style={style}
        title={domainTitle(part.name) ?? part.name}
        {...events}
      >
        <span className="part-kind">
          {w(part.kind)}
          {part.isOutside && part.kind !== 'external' ? `, ${w('outside')}` : ''}
        </span>
        <bdi className="part-name">{domainText(part.name)}</bdi>
      </div>
    );
  const tone = view === undefined ? 'idle' : serviceLook(view).tone;
  return (
    <Link
      to="/stacks/$stack/services/$service"
      params={{ stack, service: part.name }}
      className={`part part-service tone-${tone}${near}`}
      style={style}
      title={[part.name, view === undefined ? '' : said(whyOf(view))].filter(Boolean).join(': ')}
      {...events}
    >
      <bdi className="part-name">{part.name}</bdi>
      {view !== undefined && (
        <span className="part-state">
          <ServiceState service={view} />
          <span className="part-count">
            <ReadyCount service={view} />
          </span>
        </span>
      )}
      {view !== undefined && <bdi className="part-image">{view.image}</bdi>}
      <VisuallyHidden>
        {textsOf(w, part, shape)
          .map((text) => `, ${text}`)
          .join('')}
      </VisuallyHidden>
    </Link>
  );
}

function PartText({
  part,
  shape,
  view,
}: Readonly<{ part: Part; shape: Shape; view: ServiceView | undefined }>) {
  const w = useWords(words);
  const counts = view && readiness(view);
  return (
    <>
      {view !== undefined && counts !== undefined && (
        <>
          <ServiceState service={view} /> {w(counts.before > 0 ? 'ready.versions' : 'ready', counts)}
        </>
      )}
      {textsOf(w, part, shape).map((text) => (
        <span key={text}>
          {' '}
          · <bdi>{text}</bdi>
        </span>
      ))}
    </>
  );
}

const WAYS = [
  ['leads', 'to'],
  ['waits', 'from'],
  ['mounts', 'from'],
  ['joins', 'from'],
] as const;

function textsOf(
  w: ReturnType<typeof useWords<keyof (typeof words)['en']>>,
  { id }: Part,
  shape: Shape,
): string[] {
  return WAYS.flatMap(([kind, end]) => {
    const names = namesAt(shape, id, kind, end);
    return names.length === 0 ? [] : [w(`of.${kind}`, { names: domainText(names.join(', ')) })];
  });
}
