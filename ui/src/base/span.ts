/** Stretches of time, and what a hand does to the one in view: zoom at a point, pan. Exact to the nanosecond. */

import { DAY, EARLIEST, LATEST, type Instant } from "./instant";

/** From `start` up to, not including, `end`. */
export interface Span {
  readonly start: Instant;
  readonly end: Instant;
}

/** The narrowest view: as many nanoseconds as it takes to tell two of them apart on a screen. */
export const NARROWEST = 20n;
export const WIDEST = 400n * 365n * DAY;

export const width = (span: Span): bigint => span.end - span.start;
export const contains = (span: Span, at: Instant): boolean => at >= span.start && at < span.end;
export const sameSpan = (a: Span | undefined, b: Span | undefined): boolean => a?.start === b?.start && a?.end === b?.end;

/** A span of at least {@link NARROWEST} and within what an instant can be. */
export function clampSpan(start: bigint, end: bigint): Span {
  let size = end - start;
  if (size < NARROWEST) {
    start -= (NARROWEST - size) / 2n;
    size = NARROWEST;
  }
  if (size > WIDEST) {
    start += (size - WIDEST) / 2n;
    size = WIDEST;
  }
  if (start < EARLIEST) start = EARLIEST;
  if (start + size > LATEST) start = LATEST - size;
  return { start, end: start + size };
}

/** A share of a bigint, as exact as the share is: 2^52 steps. */
export function share(size: bigint, part: number): bigint {
  const STEPS = 2 ** 52;
  return (size * BigInt(Math.round(part * STEPS))) / BigInt(STEPS);
}

/**
 * Zoom so that the instant under the pointer stays there.
 *
 * @param at where the pointer is, from 0 (start) to 1 (end).
 * @param factor below 1 zooms in.
 */
export function zoom(span: Span, at: number, factor: number): Span {
  const size = width(span);
  let next = share(size, factor);
  // One nanosecond at least, or a hand that turns the wheel sees nothing happen.
  if (next === size) next += factor < 1 ? -1n : 1n;
  if (next < NARROWEST) next = NARROWEST;
  const anchor = span.start + share(size, at);
  const start = anchor - share(next, at);
  return clampSpan(start, start + next);
}

/** Move by a share of the width; positive is later. */
export function pan(span: Span, by: number): Span {
  const moved = share(width(span), by);
  return clampSpan(span.start + moved, span.end + moved);
}

/** A span with some room on both sides, so that the first and last of what it holds do not lie on its edges. */
export function padded(start: Instant, end: Instant, part = 0.02): Span {
  const room = share(end - start, part);
  return clampSpan(start - room, end + room);
}
