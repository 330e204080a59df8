import type { ContainerView } from '../../../../src/contract/v1/containers.ts';
import { type Box, centreOf, contains, overlaps, type Point } from './box.ts';
import { between, type Camera, inside, pan, type Size, showing, toMap, zoomAt } from './camera.ts';
import { cellAt, cellBox } from './cells.ts';
import { GridIndex } from './grid-index.ts';
import {
  type Amount,
  type HostPaint,
  isSamePaint,
  isSameUse,
  type PaintOptions,
  paintOf,
} from './host-paint.ts';
import { HOST, isSameLayout, type Layout, type PlacedDomain, type PlacedHost } from './layout.ts';
import type { Look } from './look.ts';
import { type Detail, detailAt, Painter } from './painter.ts';

/** Containers that would go from one host to another: by their names. */
export type Flow = Readonly<{ from: string; to: string; count: number }>;

/** What is under the pointer, the narrowest last. */
export type Hit = Readonly<{ domain?: PlacedDomain; host?: PlacedHost; container?: ContainerView }>;

export type SceneOptions = PaintOptions &
  Readonly<{
    look: Look;
    flows: readonly Flow[];
    /** Of a domain's title. */
    domainText(placed: PlacedDomain): string;
  }>;

type Source = (hostId: string) => readonly ContainerView[];
/** What is chosen, or hovered: IDs of a host and a container on it, or a domain's key. */
export type Marked = Readonly<{ domain?: string; host?: string; container?: string }>;

const ANIMATION_MS = 260;
/** More arrows than these would hide what they are drawn on: the largest ones are drawn. */
const MOST_FLOWS = 200;

/**
 * The map on its two canvases: what there is on the one, what is pointed at and would move on the other. It draws only what
 * is in sight and has changed; while it is moved, what was drawn is moved and the rest drawn beside it.
 */
export class Scene {
  private readonly base: CanvasRenderingContext2D;
  private readonly over: CanvasRenderingContext2D;
  private layout: Layout = { box: { x: 0, y: 0, w: 1, h: 1 }, domains: [], hosts: [] };
  private hosts = new GridIndex<PlacedHost>([], 1);
  private byName = new Map<string, PlacedHost>();
  private readonly paints = new Map<string, HostPaint>();
  private options: SceneOptions | undefined;
  private used: ReadonlyMap<string, Amount> = new Map();
  private painters: readonly [base: Painter, over: Painter] | undefined;
  private view: Size = { w: 0, h: 0 };
  private dpr = 1;
  private camera: Camera = { x: 0, y: 0, scale: 1 };
  private isFitted = true;
  private moving: Readonly<{ from: Camera; to: Camera; began: number }> | undefined;
  private chosen: Marked = {};
  private hovered: Marked = {};
  /** What the base canvas shows now; undefined where all of it is to be drawn. */
  private shown: Readonly<{ x: number; y: number; by: number }> | undefined;
  private readonly changed = new Set<PlacedHost>();
  private isOverOld = true;
  private frame: number | undefined;

  constructor(
    baseCanvas: HTMLCanvasElement,
    overCanvas: HTMLCanvasElement,
    private readonly source: Source,
    private readonly onDetail: (detail: Detail) => void,
  ) {
    this.base = contextOf(baseCanvas, { alpha: false });
    this.over = contextOf(overCanvas, {});
  }

  end(): void {
    if (this.frame !== undefined) cancelAnimationFrame(this.frame);
  }

  resize(view: Size, dpr: number): void {
    this.view = view;
    this.dpr = dpr;
    for (const { canvas } of [this.base, this.over]) {
      canvas.width = Math.max(1, Math.round(view.w * dpr));
      canvas.height = Math.max(1, Math.round(view.h * dpr));
    }
    if (this.isFitted) this.camera = showing(this.layout.box, view, FIT_MOST);
    this.redraw();
  }

  setLayout(layout: Layout): void {
    const before = this.layout;
    this.layout = layout;
    this.hosts = new GridIndex(layout.hosts, 1.5 * HOST.w);
    this.byName = new Map(layout.hosts.map((placed) => [placed.node.name, placed]));
    if (isSameLayout(before, layout)) {
      this.refresh();
      return;
    }
    const ids = new Set(layout.hosts.map(({ id }) => id));
    for (const id of this.paints.keys()) if (!ids.has(id)) this.paints.delete(id);
    if (this.isFitted) this.camera = showing(layout.box, this.view, FIT_MOST);
    this.redraw();
  }

  setOptions(options: SceneOptions): void {
    if (options.look !== this.options?.look)
      this.painters = [new Painter(this.base, options.look), new Painter(this.over, options.look)];
    this.options = options;
    this.paints.clear();
    this.redraw();
  }

  /** Something in the cluster may be another: draws the hosts of which it is. */
  refresh(): void {
    for (const placed of this.layout.hosts) {
      const paint = this.paints.get(placed.id);
      if (paint === undefined || isSamePaint(paint, placed.node, this.source(placed.id))) continue;
      this.repaint(placed);
    }
  }

  private repaint(placed: PlacedHost): void {
    this.paints.delete(placed.id);
    this.changed.add(placed);
    this.soon();
  }

  /** What hosts use now, by their IDs; those that tell nothing are left out. */
  setUsed(used: ReadonlyMap<string, Amount>): void {
    this.used = used;
    for (const placed of this.layout.hosts) {
      const paint = this.paints.get(placed.id);
      if (paint !== undefined && !isSameUse(paint, used.get(placed.id))) this.repaint(placed);
    }
  }

  mark(chosen: Marked, hovered: Marked): void {
    this.chosen = chosen;
    this.hovered = hovered;
    this.isOverOld = true;
    this.soon();
  }

  panBy(by: Point): void {
    this.go(pan(this.camera, by, this.layout.box, this.view));
  }

  zoomBy(factor: number, at: Point = { x: this.view.w / 2, y: this.view.h / 2 }): void {
    this.go(zoomAt(this.moving?.to ?? this.camera, factor, at, this.layout.box, this.view));
  }

  /** All of it, or a part. */
  show(box: Box = this.layout.box): void {
    const isAll = box === this.layout.box;
    const to = isAll
      ? showing(box, this.view, FIT_MOST)
      : inside(showing(box, this.view, NEAR_MOST), this.layout.box, this.view);
    this.isFitted = isAll;
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) this.go(to, isAll);
    else {
      this.moving = { from: this.camera, to, began: performance.now() };
      this.soon();
    }
  }

  boxOf({ domain, host, container }: Marked): Box | undefined {
    if (host === undefined) return this.layout.domains.find((placed) => placed.domain.key === domain)?.box;
    const placed = this.layout.hosts.find(({ id }) => id === host);
    if (placed === undefined || container === undefined) return placed?.box;
    const paint = this.paint(placed);
    const index = paint?.containers.findIndex(({ id }) => id === container) ?? -1;
    return paint === undefined || index < 0 ? placed.box : cellBox(paint.cells, index, placed.box);
  }

  /** @param at pixels from the canvas' top left */
  hit(at: Point): Hit {
    const point = toMap(this.camera, at);
    const domain = this.layout.domains.findLast(
      (placed) => placed.domain.key !== '' && contains(placed.box, point),
    );
    const host = this.hosts.at(point);
    const found = { ...(domain === undefined ? {} : { domain }), ...(host === undefined ? {} : { host }) };
    const paint = host === undefined ? undefined : this.paint(host);
    const { detail } = this;
    if (host === undefined || paint === undefined || (detail !== 'containers' && detail !== 'names'))
      return found;
    const index = cellAt(paint.cells, host.box, point);
    const container = index === undefined ? undefined : paint.containers[index];
    return container === undefined ? found : { ...found, container };
  }

  private get detail(): Detail {
    return detailAt(this.camera.scale);
  }

  private go(camera: Camera, isFitted = false): void {
    this.camera = camera;
    this.moving = undefined;
    this.isFitted = isFitted;
    this.soon();
  }

  private redraw(): void {
    this.shown = undefined;
    this.isOverOld = true;
    this.soon();
  }

  private soon(): void {
    this.frame ??= requestAnimationFrame((now) => {
      this.frame = undefined;
      this.draw(now);
    });
  }

  private draw(now: number): void {
    if (this.options === undefined || this.painters === undefined || this.view.w === 0) return;
    if (this.moving !== undefined) {
      const { from, to, began } = this.moving;
      const share = Math.min(1, Math.max(0, now - began) / ANIMATION_MS);
      this.camera = between(from, to, 1 - (1 - share) ** 3);
      if (share === 1) this.moving = undefined;
      else this.soon();
    }
    const { camera, dpr, base } = this;
    const by = camera.scale * dpr;
    const to = { x: Math.round(-camera.x * by), y: Math.round(-camera.y * by), by };
    for (const painter of this.painters) painter.scale = { ...to, dpr };
    const all = { x: 0, y: 0, w: base.canvas.width, h: base.canvas.height };
    const before = this.shown;
    this.shown = to;
    if (before === undefined || before.by !== by) {
      this.changed.clear();
      this.part(all);
    } else {
      const dx = to.x - before.x;
      const dy = to.y - before.y;
      if (dx !== 0 || dy !== 0) {
        base.drawImage(base.canvas, dx, dy);
        for (const strip of exposed(all, dx, dy)) this.part(strip);
      }
      for (const placed of this.changed) this.host(placed, all);
      this.changed.clear();
    }
    if (this.isOverOld || before === undefined || before.x !== to.x || before.y !== to.y || before.by !== by)
      this.overlay();
    this.isOverOld = false;
    this.onDetail(this.detail);
  }

  /** Everything in a rectangle of the canvas. */
  private part(area: Box): void {
    const { base, options, painters, shown } = this;
    if (options === undefined || painters === undefined || shown === undefined || area.w <= 0 || area.h <= 0)
      return;
    const [painter] = painters;
    base.save();
    base.beginPath();
    base.rect(area.x, area.y, area.w, area.h);
    base.clip();
    base.fillStyle = options.look.surface;
    base.fillRect(area.x, area.y, area.w, area.h);
    const place = {
      x: (area.x - 1 - shown.x) / shown.by,
      y: (area.y - 1 - shown.y) / shown.by,
      w: (area.w + 2) / shown.by,
      h: (area.h + 2) / shown.by,
    };
    for (const placed of this.layout.domains)
      if (overlaps(placed.box, place)) painter.domain(placed, options.domainText(placed));
    for (const placed of this.hosts.within(place)) {
      const paint = this.paint(placed);
      if (paint !== undefined) painter.host(paint, placed.box);
    }
    base.restore();
  }

  private host(placed: PlacedHost, all: Box): void {
    const box = this.painters?.[0].pixels(placed.box);
    if (box !== undefined && overlaps(box, all)) this.part(box);
  }

  private paint(placed: PlacedHost): HostPaint | undefined {
    if (this.options === undefined) return undefined;
    const known = this.paints.get(placed.id);
    if (known !== undefined) return known;
    const made = paintOf(placed.node, this.source(placed.id), this.options, this.used.get(placed.id));
    this.paints.set(placed.id, made);
    return made;
  }

  private overlay(): void {
    const { over, options, painters } = this;
    if (options === undefined || painters === undefined) return;
    over.clearRect(0, 0, over.canvas.width, over.canvas.height);
    const [, painter] = painters;
    for (const flow of options.flows.slice(0, MOST_FLOWS)) this.arrow(flow, options.look);
    for (const [marked, dash] of [
      [this.hovered, [4, 3]],
      [this.chosen, []],
    ] as const) {
      const box = this.boxOf(marked);
      if (box !== undefined && marked.domain !== '') painter.mark(box, options.look.accent, dash);
    }
  }

  /** From the middle of one host to that of the other, with how many go. */
  private arrow({ from, to, count }: Flow, look: Look): void {
    const { over, dpr, painters } = this;
    const [source, target] = [this.byName.get(from), this.byName.get(to)];
    if (source === undefined || target === undefined || painters === undefined) return;
    const [, painter] = painters;
    const a = centreOf(painter.pixels(source.box));
    const b = centreOf(painter.pixels(target.box));
    const bend = { x: (a.x + b.x) / 2 - (b.y - a.y) * 0.12, y: (a.y + b.y) / 2 + (b.x - a.x) * 0.12 };
    const line = new Path2D();
    line.moveTo(a.x, a.y);
    line.quadraticCurveTo(bend.x, bend.y, b.x, b.y);
    const head = new Path2D();
    const angle = Math.atan2(b.y - bend.y, b.x - bend.x);
    const size = (7 + Math.min(6, Math.log2(count + 1))) * dpr;
    head.moveTo(b.x, b.y);
    for (const turn of [0.42, -0.42])
      head.lineTo(b.x - size * Math.cos(angle + turn), b.y - size * Math.sin(angle + turn));
    head.closePath();
    const width = (1.5 + Math.min(4, Math.log2(count))) * dpr;
    // Seen on whatever is below it.
    for (const [colour, more] of [
      [look.surface, 3 * dpr],
      [look.accent, 0],
    ] as const) {
      over.strokeStyle = colour;
      over.fillStyle = colour;
      over.lineWidth = width + more;
      over.stroke(line);
      over.lineWidth = more;
      if (more > 0) over.stroke(head);
      over.fill(head);
    }
    const middle = { x: (a.x + 2 * bend.x + b.x) / 4, y: (a.y + 2 * bend.y + b.y) / 4 };
    const text = `${count}`;
    const box = { w: (12 + 7 * text.length) * dpr, h: 18 * dpr };
    over.fillStyle = look.surface;
    over.strokeStyle = look.accent;
    over.lineWidth = dpr;
    over.beginPath();
    over.roundRect(middle.x - box.w / 2, middle.y - box.h / 2, box.w, box.h, box.h / 2);
    over.fill();
    over.stroke();
    over.textAlign = 'center';
    painter.text(text, look.text, 11, { x: middle.x, y: middle.y - box.h / 2, ...box });
    over.textAlign = 'left';
  }
}

/** A cluster of three hosts does not fill a wall. */
const FIT_MOST = 1.9;
const NEAR_MOST = 4;

/** What is free where something was moved, as at most two rectangles. */
export function exposed(all: Box, dx: number, dy: number): readonly Box[] {
  const across = { x: dx > 0 ? 0 : all.w + dx, y: 0, w: Math.min(all.w, Math.abs(dx)), h: all.h };
  const along = { x: 0, y: dy > 0 ? 0 : all.h + dy, w: all.w, h: Math.min(all.h, Math.abs(dy)) };
  return [
    { ...across, x: Math.max(0, across.x) },
    { ...along, y: Math.max(0, along.y) },
  ];
}

function contextOf(
  canvas: HTMLCanvasElement,
  options: CanvasRenderingContext2DSettings,
): CanvasRenderingContext2D {
  const context = canvas.getContext('2d', options);
  if (context === null) throw new Error('this browser draws no canvas');
  return context;
}
