/**
 * From instants to places on a screen and back, and the marks of the axis.
 *
 * A place is `number`; an instant stays `bigint`. Only the distance from the start of what is in view is ever a float,
 * so a nanosecond is not lost in the 1.8e18 of them since 1970.
 */

import { atWall, DAY, floorDiv, HOUR, MICRO, MILLI, MINUTE, SECOND, showInstant, wall, type Instant } from "./instant";
import { share, width, type Span } from "./span";

/** How an instant of a span lies on `pixels` of a screen. */
export class Scale {
  readonly span: Span;
  readonly pixels: number;
  private readonly perNano: number;

  constructor(span: Span, pixels: number) {
    this.span = span;
    this.pixels = pixels;
    this.perNano = pixels / Number(width(span));
  }

  x(at: Instant): number {
    return Number(at - this.span.start) * this.perNano;
  }

  at(x: number): Instant {
    return this.span.start + share(width(this.span), x / this.pixels);
  }
}

/** A mark of the axis. A `major` one begins a larger unit and says so. */
export interface Tick {
  readonly at: Instant;
  readonly label: string;
  readonly major: boolean;
}

const STEPS: readonly bigint[] = [
  ...steps(1n), ...steps(MICRO), ...steps(MILLI),
  ...[1n, 2n, 5n, 10n, 15n, 30n].map((n) => n * SECOND),
  ...[1n, 2n, 5n, 10n, 15n, 30n].map((n) => n * MINUTE),
  ...[1n, 2n, 3n, 6n, 12n].map((n) => n * HOUR),
  ...[1n, 2n, 7n].map((n) => n * DAY),
];
const MONTHS = [1, 3, 6, 12, 24, 60, 120, 240, 600];
const NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function steps(unit: bigint): bigint[] {
  return [1n, 2n, 5n, 10n, 20n, 50n, 100n, 200n, 500n].map((n) => n * unit);
}

/**
 * The marks of an axis, at round places of a zone's clocks.
 *
 * @param room how many pixels a label needs.
 */
export function ticks(scale: Scale, zone: string, room = 110): Tick[] {
  const least = share(width(scale.span), Math.min(1, room / scale.pixels));
  const step = STEPS.find((one) => one >= least);
  return step === undefined ? byMonths(scale, zone, least) : bySteps(scale, zone, step);
}

function bySteps(scale: Scale, zone: string, step: bigint): Tick[] {
  const { start, end } = scale.span;
  // Steps of hours and days are counted from the zone's midnight; smaller ones divide every zone's hour evenly enough.
  const shift = step >= 15n * MINUTE ? wall(start, zone).offset : 0n;
  const found: Tick[] = [];
  const fromMonday = step === 7n * DAY ? 4n * DAY : 0n;
  let local = floorDiv(start + shift - fromMonday, step) * step + fromMonday;
  for (; local - shift < end + step; local += step) {
    let at = local - shift;
    if (shift !== 0n) at = local - wall(at, zone).offset;
    if (at < start || at >= end) continue;
    found.push({ at, label: labelOf(at, zone, step), major: isMajor(at, zone, step) });
  }
  return found;
}

function byMonths(scale: Scale, zone: string, least: bigint): Tick[] {
  const months = MONTHS.find((n) => BigInt(n) * 30n * DAY >= least) ?? 1200;
  const from = wall(scale.span.start, zone);
  let count = Math.floor((from.year * 12 + from.month - 1) / months) * months;
  const found: Tick[] = [];
  for (; ; count += months) {
    const year = Math.floor(count / 12);
    const month = count % 12;
    const at = atWall(zone, year, month + 1);
    if (at >= scale.span.end) return found;
    if (at < scale.span.start) continue;
    const major = month === 0;
    found.push({ at, label: major ? `${year}` : NAMES[month]!, major });
  }
}

function labelOf(at: Instant, zone: string, step: bigint): string {
  const w = wall(at, zone);
  if (step >= DAY || (w.hour === 0 && w.minute === 0 && w.second === 0 && +w.fraction === 0 && step >= MINUTE)) {
    return `${w.day} ${NAMES[w.month - 1]}`;
  }
  if (step >= MINUTE) return showInstant(at, zone, "minute").slice(11);
  if (step >= SECOND) return showInstant(at, zone, "second").slice(11);
  const whole = +w.fraction === 0;
  if (whole) return showInstant(at, zone, "second").slice(11);
  const places = step >= MILLI ? 3 : step >= MICRO ? 6 : 9;
  return `.${w.fraction.slice(0, places).replace(/(\d{3})(?=\d)/g, "$1 ")}`;
}

function isMajor(at: Instant, zone: string, step: bigint): boolean {
  const w = wall(at, zone);
  if (step >= DAY) return w.day <= Number(step / DAY) && w.day < 8;
  if (step >= MINUTE) return w.hour === 0 && w.minute === 0;
  return +w.fraction === 0;
}
