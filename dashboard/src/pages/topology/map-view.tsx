import { ActionIcon, useComputedColorScheme } from '@mantine/core';
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from 'react';
import { useLive } from '../../cluster/use-cluster.tsx';
import { useText, useWords } from '../../i18n/text.tsx';
import { Icon } from '../../parts/icons.tsx';
import { stateText } from '../../parts/state.tsx';
import type { Point } from './box.ts';
import type { Amount } from './host-paint.ts';
import type { Layout } from './layout.ts';
import { type Look, lookOf } from './look.ts';
import { type Hit, type Marked, Scene, type SceneOptions } from './scene.ts';
import { words } from './words.ts';

type Props = Readonly<{
  layout: Layout;
  options: Omit<SceneOptions, 'look'>;
  /** What hosts use now, by their IDs. */
  used: ReadonlyMap<string, Amount>;
  chosen: Marked;
  onChoose(hit: Hit): void;
  /** For those who show a part of it from elsewhere. */
  onScene(scene: Scene | undefined): void;
}>;

/** Pixels per press of an arrow key. */
const STEP = 60;
const ZOOM_STEP = 1.35;
/** Less than that is no drag, pixels. */
const STILL = 4;

/** The map, with what moves it: pointer, wheel, pinch, keys and buttons. */
export function MapView({ layout, options, used, chosen, onChoose, onScene }: Props) {
  const w = useWords(words);
  const live = useLive();
  const holder = useRef<HTMLDivElement>(null);
  const base = useRef<HTMLCanvasElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  const [scene, setScene] = useState<Scene>();
  const [hover, setHover] = useState<Readonly<{ hit: Hit; at: Point }>>();
  const look = useLook(holder);

  useEffect(() => {
    if (base.current === null || over.current === null || holder.current === null) return;
    const element = holder.current;
    const made = new Scene(
      base.current,
      over.current,
      (hostId) => live.containersOn(hostId),
      (detail) => {
        element.dataset.detail = detail;
      },
    );
    setScene(made);
    onScene(made);
    const resize = () =>
      made.resize({ w: element.clientWidth, h: element.clientHeight }, window.devicePixelRatio);
    const observer = new ResizeObserver(resize);
    observer.observe(element);
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : event.deltaMode === 1 ? 0.05 : 0.0015));
      made.zoomBy(factor, placeIn(element, event));
      setHover(undefined);
    };
    // React listens to wheels passively: the page would scroll as well.
    element.addEventListener('wheel', onWheel, { passive: false });
    const unsubscribe = live.subscribe(() => made.refresh());
    return () => {
      unsubscribe();
      observer.disconnect();
      element.removeEventListener('wheel', onWheel);
      made.end();
      onScene(undefined);
    };
  }, [live, onScene]);

  useEffect(() => {
    if (look !== undefined) scene?.setOptions({ ...options, look });
  }, [scene, options, look]);
  useEffect(() => scene?.setLayout(layout), [scene, layout]);
  useEffect(() => scene?.setUsed(used), [scene, used]);
  useEffect(() => scene?.mark(chosen, markOf(hover?.hit)), [scene, chosen, hover]);

  const hands = useHands(scene, holder, setHover, onChoose);
  const onKeyDown = (event: KeyboardEvent) => {
    const act = KEYS[event.key];
    if (act === undefined || scene === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    act(scene);
  };
  const containers = layout.hosts.reduce((sum, { id }) => sum + live.containersOn(id).length, 0);
  return (
    <div className="card topo-map">
      <div
        ref={holder}
        className="topo-canvas"
        role="application"
        aria-label={w('map')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: its keys move the map
        tabIndex={0}
        data-hosts={layout.hosts.length}
        data-containers={containers}
        onKeyDown={onKeyDown}
        {...hands}
      >
        <div aria-hidden="true">
          <canvas ref={base} />
          <canvas ref={over} />
        </div>
        {hover !== undefined && <Tip hit={hover.hit} at={hover.at} holder={holder.current} />}
      </div>
      <div className="topo-zoom">
        <ActionIcon
          variant="default"
          size="lg"
          aria-label={w('nearer')}
          onClick={() => scene?.zoomBy(ZOOM_STEP)}
        >
          <Icon name="plus" />
        </ActionIcon>
        <ActionIcon
          variant="default"
          size="lg"
          aria-label={w('farther')}
          onClick={() => scene?.zoomBy(1 / ZOOM_STEP)}
        >
          <Icon name="minus" />
        </ActionIcon>
        <ActionIcon variant="default" size="lg" aria-label={w('all')} onClick={() => scene?.show()}>
          <Icon name="fit" />
        </ActionIcon>
      </div>
    </div>
  );
}

const KEYS: Readonly<Record<string, (scene: Scene) => void>> = {
  ArrowLeft: (scene) => scene.panBy({ x: STEP, y: 0 }),
  ArrowRight: (scene) => scene.panBy({ x: -STEP, y: 0 }),
  ArrowUp: (scene) => scene.panBy({ x: 0, y: STEP }),
  ArrowDown: (scene) => scene.panBy({ x: 0, y: -STEP }),
  '+': (scene) => scene.zoomBy(ZOOM_STEP),
  '=': (scene) => scene.zoomBy(ZOOM_STEP),
  '-': (scene) => scene.zoomBy(1 / ZOOM_STEP),
  '0': (scene) => scene.show(),
};

/** The theme's colours, read again where it is another. */
function useLook(holder: React.RefObject<HTMLElement | null>): Look | undefined {
  const scheme = useComputedColorScheme();
  const [look, setLook] = useState<Look>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the styles are others by it
  useEffect(() => {
    // Once the page has its new styles.
    const frame = requestAnimationFrame(() => {
      if (holder.current !== null) setLook(lookOf(holder.current));
    });
    return () => cancelAnimationFrame(frame);
  }, [scheme, holder]);
  return look;
}

/** One pointer moves the map, two zoom it; one that has not moved chooses. */
function useHands(
  scene: Scene | undefined,
  holder: React.RefObject<HTMLElement | null>,
  onHover: (hover: Readonly<{ hit: Hit; at: Point }> | undefined) => void,
  onChoose: (hit: Hit) => void,
) {
  const pointers = useRef(new Map<number, Point>());
  const moved = useRef(0);
  const place = (event: Readonly<{ clientX: number; clientY: number }>) =>
    holder.current === null ? { x: 0, y: 0 } : placeIn(holder.current, event);
  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    if (pointers.current.size === 0) moved.current = 0;
    pointers.current.set(event.pointerId, place(event));
  };
  const onPointerMove = (event: PointerEvent) => {
    if (scene === undefined) return;
    const at = place(event);
    const before = pointers.current.get(event.pointerId);
    if (before === undefined) {
      if (event.pointerType === 'mouse') {
        const hit = scene.hit(at);
        onHover(hit.host === undefined ? undefined : { hit, at });
      }
      return;
    }
    moved.current += Math.abs(at.x - before.x) + Math.abs(at.y - before.y);
    if (moved.current < STILL) return;
    // Held from here on only: who merely clicks is not to lose the click to the holder.
    event.currentTarget.setPointerCapture(event.pointerId);
    onHover(undefined);
    const other = [...pointers.current].find(([id]) => id !== event.pointerId)?.[1];
    pointers.current.set(event.pointerId, at);
    scene.panBy(
      other === undefined
        ? { x: at.x - before.x, y: at.y - before.y }
        : { x: (at.x - before.x) / 2, y: (at.y - before.y) / 2 },
    );
    if (other !== undefined)
      scene.zoomBy(apart(at, other) / Math.max(1, apart(before, other)), {
        x: (at.x + other.x) / 2,
        y: (at.y + other.y) / 2,
      });
  };
  const onPointerUp = (event: PointerEvent) => {
    const wasHeld = pointers.current.delete(event.pointerId);
    if (wasHeld && moved.current < STILL && scene !== undefined) onChoose(scene.hit(place(event)));
  };
  return {
    onPointerDown,
    onPointerMove,
    onPointerUp,
    onPointerCancel: (event: PointerEvent) => void pointers.current.delete(event.pointerId),
    onPointerLeave: () => onHover(undefined),
    onDoubleClick: (event: React.MouseEvent) => {
      const hit = scene?.hit(place(event));
      const box = hit?.host?.box ?? hit?.domain?.box;
      if (box !== undefined) scene?.show(box);
    },
  };
}

function apart(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function placeIn(element: HTMLElement, event: Readonly<{ clientX: number; clientY: number }>): Point {
  const { left, top } = element.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
}

/** What of a hit is chosen by it. */
export function markOf(hit: Hit | undefined): Marked {
  if (hit?.host !== undefined)
    return { host: hit.host.id, ...(hit.container === undefined ? {} : { container: hit.container.id }) };
  return hit?.domain === undefined ? {} : { domain: hit.domain.domain.key };
}

type TipProps = Readonly<{ hit: Hit; at: Point; holder: HTMLElement | null }>;

/** What is under the pointer, beside it. */
function Tip({ hit: { host, container }, at, holder }: TipProps) {
  const t = useText();
  const w = useWords(words);
  if (host === undefined) return null;
  const { node } = host;
  const isRight = at.x > (holder?.clientWidth ?? 0) / 2;
  const isLow = at.y > (holder?.clientHeight ?? 0) / 2;
  const side = {
    ...(isRight ? { right: (holder?.clientWidth ?? 0) - at.x + 14 } : { left: at.x + 14 }),
    ...(isLow ? { bottom: (holder?.clientHeight ?? 0) - at.y + 14 } : { top: at.y + 14 }),
  };
  return (
    <div className="topo-tip" style={side} aria-hidden="true">
      {container !== undefined && (
        <>
          <strong>
            <bdi>{container.name}</bdi>
          </strong>
          <div>{stateText(t, container.state, container.health)}</div>
          <div className="note">{container.image}</div>
        </>
      )}
      <div className={container === undefined ? '' : 'note'}>
        <bdi>{node.name}</bdi> · {stateText(t, node.state)}
        {node.cordoned && ` · ${t('hosts.cordoned')}`}
      </div>
      {container === undefined && (
        <div className="note">
          {w('containers', { n: node.containers.managed + node.containers.unmanaged })}
        </div>
      )}
    </div>
  );
}
