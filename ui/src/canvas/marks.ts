/** Single events on their lanes: a mark each, a badge where they lie too close, words where there is room. */

import type { Severity } from "~/api/shapes";
import { SEVERITIES } from "~/api/shapes";
import type { Scale } from "~/base/scale";
import type { Palette } from "./palette";

/** An event on a lane, as little as a drawing needs. */
export interface Mark {
  readonly id: string;
  readonly at: bigint;
  readonly severity: Severity;
  readonly label: string;
}

/** Events too close together to be told apart at this width, drawn as one. */
export interface Stack {
  readonly x: number;
  readonly marks: readonly Mark[];
  readonly severity: Severity;
}

/** Pixels below which two marks are one. */
export const CLOSE = 7;

/** Marks of one lane, in order of time, as they are drawn at a width. */
export function stacked(marks: readonly Mark[], scale: Scale): Stack[] {
  const found: { x: number; last: number; marks: Mark[]; severity: number }[] = [];
  for (const mark of marks) {
    const x = scale.x(mark.at);
    if (x < -CLOSE || x > scale.pixels + CLOSE) continue;
    const last = found.at(-1);
    const severity = SEVERITIES.indexOf(mark.severity);
    if (last && x - last.last < CLOSE && x - last.x < CLOSE * 3) {
      last.marks.push(mark);
      last.last = x;
      last.severity = Math.max(last.severity, severity);
    } else {
      found.push({ x, last: x, marks: [mark], severity });
    }
  }
  return found.map((one) => ({ x: (one.x + one.last) / 2, marks: one.marks, severity: SEVERITIES[one.severity] ?? "info" }));
}

export interface MarkStyle {
  readonly palette: Palette;
  readonly font: string;
  readonly selected: string | undefined;
  readonly pinned: ReadonlySet<string>;
}

/** Draw a lane's stacks between `top` and `top + tall`. */
export function drawStacks(context: CanvasRenderingContext2D, stacks: readonly Stack[], top: number, tall: number, scale: Scale, style: MarkStyle): void {
  const middle = top + tall / 2;
  context.font = style.font;
  context.textBaseline = "middle";
  stacks.forEach((stack, place) => {
    const count = stack.marks.length;
    const colour = style.palette.severity[stack.severity];
    const chosen = stack.marks.some((mark) => mark.id === style.selected);
    const radius = count > 1 ? 6.5 : 4;
    const number = count < 1000 ? `${count}` : `${Math.floor(count / 1000)}k`;
    // As wide as its number.
    const half = count > 1 ? Math.max(radius, context.measureText(number).width / 2 + 3) : radius;
    context.fillStyle = colour;
    context.beginPath();
    if (count > 1) context.roundRect(stack.x - half, middle - radius, half * 2, radius * 2, 3);
    else context.arc(stack.x, middle, radius, 0, 2 * Math.PI);
    context.fill();
    if (stack.marks.some((mark) => style.pinned.has(mark.id))) {
      context.fillStyle = style.palette.accent;
      context.fillRect(stack.x - 1, top + 1, 2, 5);
    }
    if (chosen) {
      context.strokeStyle = style.palette.ink;
      context.lineWidth = 2;
      context.stroke();
    }
    const from = stack.x + half + 3;
    if (count > 1) {
      context.fillStyle = style.palette.ground;
      context.textAlign = "center";
      context.fillText(number, stack.x, middle + 0.5);
      context.textAlign = "start";
    }
    const next = stacks[place + 1]?.x ?? scale.pixels;
    const room = next - from - 8;
    if (room < 72) return;
    context.fillStyle = style.palette.ink;
    context.fillText(cut(context, stack.marks[0]!.label, room), from, middle + 0.5);
  });
}

/** As much of a text as fits. */
export function cut(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText(`${text.slice(0, middle)}…`).width <= room) low = middle;
    else high = middle - 1;
  }
  return low ? `${text.slice(0, low)}…` : "";
}

/** The stack at a place of the screen. */
export function hit(stacks: readonly Stack[], x: number): Stack | undefined {
  let best: Stack | undefined;
  for (const stack of stacks) if (Math.abs(stack.x - x) <= CLOSE && (!best || Math.abs(stack.x - x) < Math.abs(best.x - x))) best = stack;
  return best;
}
