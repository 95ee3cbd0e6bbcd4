/** Draws the lanes: what is below first. Every frame is a few stretched pictures and, where they can be seen, marks. */

import { Scale, ticks } from "~/base/scale";
import { share, width, type Span } from "~/base/span";
import { drawGrid } from "~/canvas/axis";
import { putRow, type Picture } from "~/canvas/bars";
import { drawStacks, hit, stacked, type Stack } from "~/canvas/marks";
import type { Palette } from "~/canvas/palette";
import type { Found, Link, Marks, Pin } from "./events";

/** The height of a lane, of one that is folded, and of the row above them. */
export const LANE = 24;
export const FOLDED = 8;
export const ABOVE = 20;

/** A lane at its place. */
export interface Row {
  readonly lane: string;
  readonly top: number;
  readonly tall: number;
}

/** A part of the canvas from top to bottom, in its pixels. */
export interface Part {
  readonly top: number;
  readonly bottom: number;
}

export interface Scene {
  readonly span: Span;
  readonly zone: string;
  readonly rows: readonly Row[];
  readonly pictures: readonly Picture[];
  readonly marks: Marks | undefined;
  readonly found: readonly Found[];
  readonly pins: readonly Pin[];
  readonly links: readonly Link[];
  readonly selected: string | undefined;
  readonly covered: ReadonlyMap<string, readonly Span[]> | undefined;
  readonly palette: Palette;
}

/** What was drawn where, so that a pointer can be answered. */
export interface Drawn {
  readonly scale: Scale;
  readonly stacks: ReadonlyMap<string, readonly Stack[]>;
}

export const FONT = '11px system-ui, "DejaVu Sans", sans-serif';
const UNCOVERED = "18";

/** Draw a part of the canvas; what lies outside of it stays as it is. */
export function drawScene(context: CanvasRenderingContext2D, scene: Scene, wide: number, part: Part): Drawn {
  const scale = new Scale(scene.span, wide);
  const { palette } = scene;
  context.save();
  context.beginPath();
  context.rect(0, part.top, wide, part.bottom - part.top);
  context.clip();
  context.fillStyle = palette.ground;
  context.fillRect(0, part.top, wide, part.bottom - part.top);
  drawGrid(context, ticks(scale, scene.zone), scale, part.top, part.bottom, palette);
  if (part.top < ABOVE) drawFound(context, scene, scale);
  const stacks = new Map<string, readonly Stack[]>();
  const pinned = new Set(scene.pins.map((pin) => pin.id));
  const pictures = reaching(scene.pictures, scene.span, scale.pixels);
  for (const row of within(scene.rows, part)) {
    context.fillStyle = palette.line;
    context.fillRect(0, row.top + row.tall - 1, wide, 1);
    drawSilence(context, scene, scale, row);
    if (scene.marks && row.tall >= LANE) {
      const found = stacked(scene.marks.byLane.get(row.lane) ?? [], scale);
      stacks.set(row.lane, found);
      drawStacks(context, found, row.top, row.tall - 1, scale, { palette, font: FONT, selected: scene.selected, pinned });
    } else {
      context.imageSmoothingEnabled = false;
      for (const picture of pictures) {
        blank(context, picture, scale, row, palette);
        putRow(context, picture, row.lane, scale, row.top + 1, row.tall - 2);
      }
    }
  }
  drawLinks(context, scene, scale);
  context.restore();
  return { scale, stacks };
}

/** The lanes of which a part of the canvas shows something. */
export function within(rows: readonly Row[], part: Part): readonly Row[] {
  return rows.filter((row) => row.top < part.bottom && row.top + row.tall > part.top);
}

/** Of a pixel: where buckets are narrower, more of them fall between the pixels than are seen. */
const THINNEST = 0.5;

/**
 * From the coarsest to the finest: the finest that holds the whole view hides all below it.
 *
 * One that is much finer than the screen would show hardly any of its bars, as if nothing had happened there: the
 * coarser one below it tells more.
 */
export function reaching(all: readonly Picture[], span: Span, pixels: number): readonly Picture[] {
  const least = share(width(span), THINNEST / pixels);
  const pictures = all.filter((one, place) => place === 0 || one.counts.width >= least);
  const whole = pictures.findLastIndex((one) => one.counts.start <= span.start && one.counts.end >= span.end);
  return pictures.slice(Math.max(0, whole)).filter((one) => one.counts.end > span.start && one.counts.start < span.end);
}

/** A finer picture replaces a coarser one where it reaches; it is not laid over its bars. */
function blank(context: CanvasRenderingContext2D, picture: Picture, scale: Scale, row: Row, palette: Palette): void {
  const left = Math.max(0, scale.x(picture.counts.start));
  const right = Math.min(scale.pixels, scale.x(picture.counts.end));
  if (right <= left || !picture.rows.has(row.lane)) return;
  context.fillStyle = palette.ground;
  context.fillRect(left, row.top + 1, right - left, row.tall - 2);
}

/** Where a source has no evidence, silence means nothing: hatched, so that it is not taken for quiet. */
function drawSilence(context: CanvasRenderingContext2D, scene: Scene, scale: Scale, row: Row): void {
  const bands = scene.covered?.get(row.lane);
  if (!bands) return;
  let from = 0;
  const hatch = (left: number, right: number): void => {
    if (right - left < 2) return;
    context.save();
    context.beginPath();
    context.rect(left, row.top, right - left, row.tall - 1);
    context.clip();
    context.strokeStyle = `${scene.palette.faint}${UNCOVERED}`;
    context.lineWidth = 1;
    context.beginPath();
    const first = Math.floor(left / 8) * 8 - row.tall;
    for (let x = first; x < right; x += 8) {
      context.moveTo(x, row.top + row.tall);
      context.lineTo(x + row.tall, row.top);
    }
    context.stroke();
    context.restore();
  };
  for (const band of bands) {
    const left = Math.max(0, scale.x(band.start));
    const right = Math.min(scale.pixels, scale.x(band.end));
    if (right < 0 || left > scale.pixels) continue;
    hatch(from, left);
    from = Math.max(from, right);
    context.fillStyle = `${scene.palette.faint}66`;
    context.fillRect(left, row.top + row.tall - 2, Math.max(1, right - left), 1);
  }
  hatch(from, scale.pixels);
}

/** What was found, and the pins, where a pointer over the row above the lanes is; what was drawn last lies above. */
export function above(found: readonly Found[], pins: readonly Pin[], scale: Scale, x: number): { found: Found | undefined; pin: Pin | undefined } {
  return {
    found: found.findLast((one) => x >= scale.x(one.start) - 2 && x <= Math.max(scale.x(one.end), scale.x(one.start) + 4) + 2),
    pin: pins.findLast((one) => Math.abs(scale.x(one.at) - x) <= 4),
  };
}

function drawFound(context: CanvasRenderingContext2D, scene: Scene, scale: Scale): void {
  for (const one of scene.found) {
    const left = scale.x(one.start);
    const right = Math.max(scale.x(one.end), left + 4);
    if (right < 0 || left > scale.pixels) continue;
    context.fillStyle = scene.palette.severity[one.severity];
    context.fillRect(left, 4, Math.min(right, scale.pixels) - left, 7);
  }
  context.fillStyle = scene.palette.accent;
  for (const pin of scene.pins) {
    const x = scale.x(pin.at);
    if (x < -6 || x > scale.pixels + 6) continue;
    context.beginPath();
    context.moveTo(x - 4, 12);
    context.lineTo(x + 4, 12);
    context.lineTo(x, ABOVE - 1);
    context.fill();
  }
  context.fillStyle = scene.palette.line;
  context.fillRect(0, ABOVE - 1, scale.pixels, 1);
}

/** From the selected event to what is linked with it, the stronger the heavier. */
function drawLinks(context: CanvasRenderingContext2D, scene: Scene, scale: Scale): void {
  const { marks, selected } = scene;
  if (!marks || !selected) return;
  const from = placeOf(scene, scale, selected);
  if (!from) return;
  for (const link of scene.links) {
    const to = placeOf(scene, scale, link.to);
    if (!to) continue;
    const bend = Math.max(24, Math.abs(to.x - from.x) / 3);
    context.strokeStyle = scene.palette.accent;
    context.globalAlpha = 0.25 + 0.65 * Math.min(1, link.strength);
    context.lineWidth = 1 + Math.min(1.5, link.strength * 1.5);
    context.beginPath();
    context.moveTo(from.x, from.y);
    const side = to.x >= from.x ? 1 : -1;
    context.bezierCurveTo(from.x + bend * side, from.y, to.x - bend * side, to.y, to.x, to.y);
    context.stroke();
    context.globalAlpha = 1;
  }
}

function placeOf(scene: Scene, scale: Scale, id: string): { x: number; y: number } | undefined {
  const lane = scene.marks?.laneOf.get(id);
  const row = scene.rows.find((one) => one.lane === lane);
  const mark = scene.marks?.byLane.get(lane ?? "")?.find((one) => one.id === id);
  return row && mark ? { x: scale.x(mark.at), y: row.top + row.tall / 2 } : undefined;
}

/** The lane and the stack at a place of the screen. */
export function at(drawn: Drawn, rows: readonly Row[], x: number, y: number): { row: Row | undefined; stack: Stack | undefined } {
  const row = rows.find((one) => y >= one.top && y < one.top + one.tall);
  return { row, stack: row && hit(drawn.stacks.get(row.lane) ?? [], x) };
}
