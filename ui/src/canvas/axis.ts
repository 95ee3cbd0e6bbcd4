/** The axis of time, and its marks as lines through the lanes. */

import type { Scale, Tick } from "~/base/scale";
import type { Palette } from "./palette";

export const AXIS = 22;

export function drawGrid(context: CanvasRenderingContext2D, marks: readonly Tick[], scale: Scale, from: number, to: number, palette: Palette): void {
  context.lineWidth = 1;
  for (const mark of marks) {
    const x = Math.round(scale.x(mark.at)) + 0.5;
    context.strokeStyle = mark.major ? palette.strong : palette.line;
    context.beginPath();
    context.moveTo(x, from);
    context.lineTo(x, to);
    context.stroke();
  }
}

export function drawAxis(context: CanvasRenderingContext2D, marks: readonly Tick[], scale: Scale, palette: Palette, font: string): void {
  context.fillStyle = palette.sheet;
  context.fillRect(0, 0, scale.pixels, AXIS);
  context.font = font;
  context.textBaseline = "middle";
  for (const mark of marks) {
    const x = Math.round(scale.x(mark.at));
    context.fillStyle = mark.major ? palette.ink : palette.quiet;
    context.fillText(mark.label, x + 4, AXIS / 2 + 0.5);
    context.fillRect(x, mark.major ? 0 : AXIS - 6, 1, AXIS);
  }
  context.fillStyle = palette.line;
  context.fillRect(0, AXIS - 1, scale.pixels, 1);
}
