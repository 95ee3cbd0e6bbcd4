/** What a replay told, as a list of bounded length, the newest first; silence that was cut is part of it. */

import type { EventShape } from "~/api/shapes";
import { parseInstant, type Instant } from "~/base/instant";

export interface Told {
  readonly event: EventShape;
  /** Nanoseconds of silence before it that were not waited for. */
  readonly cut: bigint;
}

/** What is kept of it. */
export const KEPT = 300;

/** Put what came, oldest first, before what is there. */
export function prepended(there: readonly Told[], came: readonly Told[]): readonly Told[] {
  return [...came.toReversed(), ...there].slice(0, KEPT);
}

export interface Clock {
  /** When the last event happened. */
  readonly at: Instant;
  /** When it was told, in milliseconds of this page. */
  readonly since: number;
}

const MILLION = 1_000_000;

/**
 * Where a replay is between two events: it goes on at its speed until the next, at most as long as the longest gap.
 *
 * @param speed seconds of the record to a second; 0 is where the last event is.
 * @param gap the longest wait in seconds; 0 for none.
 */
export function placeOf(clock: Clock, now: number, speed: number, gap: number): Instant {
  const waited = Math.max(0, now - clock.since);
  const counted = gap > 0 ? Math.min(waited, gap * 1000) : waited;
  return clock.at + BigInt(Math.round(counted * speed * MILLION));
}

/** When an event happened; those of a replay always have a time. */
export const instantOf = (event: EventShape): Instant | undefined => parseInstant(event.occurred_at ?? "");
