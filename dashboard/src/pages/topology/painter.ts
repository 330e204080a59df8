import { type Box, overlaps } from './box.ts';
import { bodyOf, cellBox } from './cells.ts';
import type { HostPaint } from './host-paint.ts';
import { HOST, type PlacedDomain } from './layout.ts';
import type { Look } from './look.ts';

/** From the map's units to the canvas' pixels: whole ones, so that what is drawn can be moved without a blur. */
export type Scale = Readonly<{
  x: number;
  y: number;
  by: number /** Pixels of the canvas per pixel of the page. */;
  dpr: number;
}>;

/** How much of a host is drawn, by the width of its box in pixels of the page. */
const BARS_FROM = 18;
const CELLS_FROM = 78;
const NAME_FROM = 104;
/** Of a container's square. */
const CELL_LEAST = 2.2;
const CELL_TEXT_FROM = 58;
const DIM = 0.22;
/** Nearly all of it is reserved. */
const FULL = 0.9;
const KINDS = ['cpu', 'memory'] as const;
/** A newer manager may have more states. */
const HOST_TONES: Readonly<Record<string, 'good' | 'busy' | 'bad' | 'idle'>> = {
  ...{ ready: 'good', suspect: 'busy', pending: 'idle', down: 'bad' },
};

export type Detail = 'hosts' | 'bars' | 'containers' | 'names';

/** What is to be seen at a scale. @param scale pixels of the page per unit of the map */
export function detailAt(scale: number): Detail {
  const width = HOST.w * scale;
  if (width < BARS_FROM) return 'hosts';
  if (width < CELLS_FROM) return 'bars';
  return width < NAME_FROM * 4 ? 'containers' : 'names';
}

/** Texts that were cut to a width are kept, so many. */
const TEXTS = 4000;

/** Draws into a part of a canvas; the caller has cut it out and cleared it. */
export class Painter {
  scale: Scale = { x: 0, y: 0, by: 1, dpr: 1 };
  private readonly texts = new Map<string, string>();

  constructor(
    private readonly context: CanvasRenderingContext2D,
    private readonly look: Look,
  ) {}

  domain(placed: PlacedDomain, text: string): void {
    if (placed.domain.key === '') return;
    const { context, look } = this;
    const { dpr } = this.scale;
    const box = this.pixels(placed.box);
    context.fillStyle = look.page;
    context.fillRect(box.x, box.y, box.w, box.h);
    context.strokeStyle = look.strong;
    context.lineWidth = dpr;
    context.strokeRect(box.x + dpr / 2, box.y + dpr / 2, box.w - dpr, box.h - dpr);
    const high = (placed.title * this.scale.by) / dpr;
    if (high < 8 || box.w / dpr < 34) return;
    const size = Math.min(17, Math.max(10, high * 0.58));
    this.text(text, look.text, size, {
      x: box.x + 8 * dpr,
      y: box.y,
      w: box.w - 12 * dpr,
      h: Math.max(high, size + 2) * dpr,
    });
  }

  host(paint: HostPaint, place: Box): void {
    const { context, look, scale } = this;
    const box = this.pixels(place);
    const width = box.w / scale.dpr;
    context.globalAlpha = paint.isMatch ? 1 : DIM;
    this.frame(paint, box, width);
    if (width >= BARS_FROM) {
      if (width < CELLS_FROM) this.bars(paint, box);
      else {
        this.meters(paint, place);
        if (width >= NAME_FROM) this.name(paint, place);
        if (paint.cells.side * (scale.by / scale.dpr) >= CELL_LEAST) this.cells(paint, place);
        else this.strip(paint, this.pixels(bodyOf(place)));
      }
    } else {
      const filled = Math.round(box.h * Math.min(1, paint.reserved.memory));
      context.fillStyle = look.bar;
      context.fillRect(box.x, box.y + box.h - filled, box.w, filled);
      this.outline(paint, box, width);
    }
    context.globalAlpha = 1;
  }

  /** Of a host or a container, in the map's units. */
  mark(place: Box, colour: string, dash: readonly number[] = []): void {
    const { context } = this;
    const { dpr } = this.scale;
    const { x, y, w, h } = this.pixels(place);
    context.setLineDash(dash.map((length) => length * dpr));
    context.strokeStyle = colour;
    context.lineWidth = 2 * dpr;
    context.strokeRect(x - dpr, y - dpr, w + 2 * dpr, h + 2 * dpr);
    context.setLineDash([]);
  }

  pixels({ x, y, w, h }: Box): Box {
    const { scale } = this;
    const left = Math.round(scale.x + x * scale.by);
    const top = Math.round(scale.y + y * scale.by);
    return {
      x: left,
      y: top,
      w: Math.max(1, Math.round(scale.x + (x + w) * scale.by) - left),
      h: Math.max(1, Math.round(scale.y + (y + h) * scale.by) - top),
    };
  }

  text(text: string, colour: string, size: number, { x, y, w, h }: Box): void {
    const { context, look, scale } = this;
    context.font = `${Math.round(size * scale.dpr)}px ${look.font}`;
    context.textBaseline = 'middle';
    context.fillStyle = colour;
    const cut = this.cut(text, w, context.font);
    if (cut !== '') context.fillText(cut, x, y + h / 2);
  }

  /** As much of it as there is room for. */
  private cut(text: string, width: number, font: string): string {
    const key = `${Math.round(width)} ${font} ${text}`;
    const known = this.texts.get(key);
    if (known !== undefined) return known;
    const { context } = this;
    // Of a name of any length, no more than can be seen.
    let kept = text.slice(0, 120);
    if (kept.length < text.length || context.measureText(kept).width > width) {
      let [least, most] = [0, kept.length];
      while (least < most) {
        const middle = Math.ceil((least + most) / 2);
        if (context.measureText(`${kept.slice(0, middle)}…`).width <= width) least = middle;
        else most = middle - 1;
      }
      kept = least === 0 ? '' : `${kept.slice(0, least)}…`;
    }
    // Names may be written from right to left: that is not to turn round what is beside them.
    const made = kept === '' ? '' : `\u2068${kept}\u2069`;
    if (this.texts.size >= TEXTS) this.texts.clear();
    this.texts.set(key, made);
    return made;
  }

  private frame({ node }: HostPaint, box: Box, width: number): void {
    const { context, look } = this;
    const isBad = node.state === 'down' && width < BARS_FROM;
    context.fillStyle = isBad ? look.tones.bad : width < BARS_FROM ? look.rest : look.surface;
    context.fillRect(box.x, box.y, box.w, box.h);
  }

  /** Its state: by colour, thickness and dashes, not by colour alone. */
  private outline({ node, coming, leaving }: HostPaint, box: Box, width: number): void {
    const { context, look } = this;
    const { dpr } = this.scale;
    const isWell = node.state === 'ready' && !node.cordoned;
    if (width < BARS_FROM && isWell && coming + leaving.size === 0) return;
    const line = (node.state === 'ready' && !node.cordoned ? 1 : width < CELLS_FROM ? 1.5 : 2.5) * dpr;
    context.strokeStyle =
      node.state === 'down'
        ? look.tones.bad
        : node.state === 'suspect' || node.state === 'pending'
          ? look.tones.busy
          : node.cordoned
            ? look.dimmed
            : look.strong;
    context.lineWidth = line;
    if (node.cordoned || node.state === 'pending') context.setLineDash([5 * dpr, 4 * dpr]);
    context.strokeRect(box.x + line / 2, box.y + line / 2, box.w - line, box.h - line);
    context.setLineDash([]);
  }

  /** From the middle distance: CPU at the left and memory at the right, filled from below, and what its containers are. */
  private bars(paint: HostPaint, box: Box): void {
    const { context, look } = this;
    const { dpr } = this.scale;
    const pad = Math.max(1, Math.round(box.w * 0.06));
    const high = Math.round(box.h * 0.66) - pad;
    const half = Math.floor((box.w - 3 * pad) / 2);
    for (const [i, kind] of KINDS.entries()) {
      const x = box.x + pad + i * (half + pad);
      const fill = (share: number, colour: string, w: number) => {
        const filled = Math.round(high * Math.min(1, share));
        context.fillStyle = colour;
        context.fillRect(x + half - w, box.y + pad + high - filled, w, filled);
      };
      fill(1, look.rest, half);
      fill(paint.reserved[kind], this.barOf(paint, kind), half);
      if (paint.used !== undefined) fill(paint.used[kind], look.used, Math.max(1, Math.round(half / 3)));
    }
    const top = box.y + 2 * pad + high;
    this.strip(paint, { x: box.x + pad, y: top, w: box.w - 2 * pad, h: box.y + box.h - pad - top });
    this.outline(paint, box, box.w / dpr);
  }

  private barOf({ reserved }: HostPaint, kind: (typeof KINDS)[number]): string {
    return reserved[kind] >= FULL ? this.look.tones.busy : this.look.bar;
  }

  private strip({ strip, containers }: HostPaint, { x, y, w, h }: Box): void {
    const { context, look } = this;
    if (h <= 0 || containers.length === 0) return;
    let from = 0;
    for (const [colour, count] of strip) {
      const left = Math.round((from / containers.length) * w);
      from += count;
      const right = Math.round((from / containers.length) * w);
      context.fillStyle = look.cells[colour] ?? look.dimmed;
      context.fillRect(x + left, y, Math.max(1, right - left), h);
    }
  }

  private meters(paint: HostPaint, place: Box): void {
    const { context, look } = this;
    const gap = 8;
    const w = (place.w - 3 * gap) / 2;
    for (const [i, kind] of KINDS.entries()) {
      const all = this.pixels({ x: place.x + gap + i * (w + gap), y: place.y + 28, w, h: 10 });
      const fill = (share: number, colour: string, h: number) => {
        context.fillStyle = colour;
        context.fillRect(all.x, all.y + all.h - h, Math.round(all.w * Math.min(1, share)), h);
      };
      fill(1, look.rest, all.h);
      fill(paint.reserved[kind], this.barOf(paint, kind), all.h);
      if (paint.used !== undefined) fill(paint.used[kind], look.used, Math.max(1, Math.round(all.h / 3)));
    }
    this.outline(paint, this.pixels(place), CELLS_FROM);
  }

  private name({ node }: HostPaint, place: Box): void {
    const { context, look, scale } = this;
    const box = this.pixels({ x: place.x + 8, y: place.y + 3, w: place.w - 16, h: 24 });
    const size = Math.min(16, Math.max(9, (13 * scale.by) / scale.dpr));
    const radius = size * 0.32 * scale.dpr;
    context.beginPath();
    context.arc(box.x + radius, box.y + box.h / 2, radius, 0, 2 * Math.PI);
    context.fillStyle = look.tones[HOST_TONES[node.state] ?? 'idle'];
    context.fill();
    const left = 3.4 * radius;
    this.text(node.name, look.text, size, { ...box, x: box.x + left, w: box.w - left });
  }

  private cells(paint: HostPaint, place: Box): void {
    const { context, look, scale } = this;
    const { colours, matches, cells, containers, leaving } = paint;
    const side = (cells.side * scale.by) / scale.dpr;
    const gap = Math.max(1, Math.round(Math.min(0.12 * side, 2.5) * scale.dpr));
    const isRead = side >= CELL_TEXT_FROM;
    const whole = context.globalAlpha;
    let last = -1;
    for (let i = 0; i < colours.length; i++) {
      const { x, y, w, h } = this.pixels(cellBox(cells, i, place));
      if (!overlaps({ x, y, w, h }, { x: 0, y: 0, w: context.canvas.width, h: context.canvas.height }))
        continue;
      const colour = colours[i] as number;
      if (matches !== undefined || leaving.size > 0) {
        context.globalAlpha =
          (matches !== undefined && matches[i] !== 1 ? DIM : 1) * (leaving.has(i) ? 0.35 : 1) * whole;
      }
      if (isRead) {
        this.readable(
          containers[i]?.name ?? '',
          containers[i]?.state ?? '',
          look.cells[colour] ?? look.dimmed,
          {
            ...{ x, y },
            w: w - gap,
            h: h - gap,
          },
        );
        last = -1;
        continue;
      }
      if (colour !== last) {
        context.fillStyle = look.cells[colour] ?? look.dimmed;
        last = colour;
      }
      context.fillRect(x, y, w - gap, h - gap);
    }
    context.globalAlpha = whole;
    this.ghosts(paint, place, gap);
  }

  /** Room for what would come. */
  private ghosts({ cells, containers, coming, leaving }: HostPaint, place: Box, gap: number): void {
    const { context, look, scale } = this;
    if (coming + leaving.size === 0) return;
    context.strokeStyle = look.accent;
    context.lineWidth = 2 * scale.dpr;
    context.setLineDash([4 * scale.dpr, 3 * scale.dpr]);
    const boxes = [...leaving, ...Array.from({ length: coming }, (_, i) => containers.length + i)];
    for (const index of boxes) {
      const { x, y, w, h } = this.pixels(cellBox(cells, index, place));
      context.strokeRect(x + scale.dpr, y + scale.dpr, w - gap - 2 * scale.dpr, h - gap - 2 * scale.dpr);
    }
    context.setLineDash([]);
  }

  /** A container near enough to be read. */
  private readable(name: string, state: string, colour: string, box: Box): void {
    const { context, look, scale } = this;
    const { dpr } = scale;
    context.fillStyle = look.surface;
    context.fillRect(box.x, box.y, box.w, box.h);
    context.strokeStyle = colour;
    context.lineWidth = dpr;
    context.strokeRect(box.x + dpr / 2, box.y + dpr / 2, box.w - dpr, box.h - dpr);
    context.fillStyle = colour;
    context.fillRect(box.x, box.y, 5 * dpr, box.h);
    const inner = { x: box.x + 10 * dpr, w: box.w - 14 * dpr, h: 16 * dpr };
    this.text(name, look.text, 11, { ...inner, y: box.y + 6 * dpr });
    this.text(state, look.dimmed, 10, { ...inner, y: box.y + 22 * dpr });
  }
}
