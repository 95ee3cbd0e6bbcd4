/** Of which stretches of time there is evidence, drawn as bands. */

import { For, type JSX } from "solid-js";
import type { components } from "~/api/schema";
import { parseInstant, showLength } from "~/base/instant";

export type Band = components["schemas"]["Band"];

export interface Whole {
  readonly first: string;
  readonly last: string;
}

/** From the first to the last of all that is covered. */
export function allOf(covered: readonly { bands: readonly Band[] }[]): Whole | undefined {
  const bands = covered.flatMap((one) => one.bands);
  if (!bands.length) return undefined;
  const first = bands.reduce((a, b) => (parseInstant(a.first)! <= parseInstant(b.first)! ? a : b)).first;
  const last = bands.reduce((a, b) => (parseInstant(a.last)! >= parseInstant(b.last)! ? a : b)).last;
  return { first, last };
}

export interface Gap {
  readonly after: string;
  readonly before: string;
  readonly length: bigint;
}

/** What lies between the bands. */
export function gaps(bands: readonly Band[]): Gap[] {
  return bands.slice(1).map((next, at) => {
    const before = bands[at]!;
    return { after: before.last, before: next.first, length: parseInstant(next.first)! - parseInstant(before.last)! };
  });
}

/** The same in words. */
export function gapsOf(bands: readonly Band[]): string {
  if (!bands.length) return "no dated evidence";
  const found = gaps(bands);
  if (!found.length) return "covered without a gap";
  const longest = found.reduce((a, b) => (a.length >= b.length ? a : b));
  return `${found.length} ${found.length === 1 ? "gap" : "gaps"}, the longest ${showLength(longest.length)}`;
}

const WIDE = 1000;

/** Bands on a line from the first to the last of everything; the narrowest is still to be seen. */
export function Strip(props: { bands: readonly Band[]; whole: Whole; label: string }): JSX.Element {
  const place = (at: string): number => {
    const from = parseInstant(props.whole.first)!;
    const size = parseInstant(props.whole.last)! - from || 1n;
    return Number(((parseInstant(at)! - from) * BigInt(WIDE)) / size);
  };
  return (
    <svg class="strip" viewBox={`0 0 ${WIDE} 10`} preserveAspectRatio="none" role="img" aria-label={props.label}>
      <title>{props.label}</title>
      <rect class="ground" width={WIDE} height="10" />
      <For each={props.bands}>
        {(band) => <rect class="band" x={Math.min(place(band.first), WIDE - 4)} width={Math.max(4, place(band.last) - place(band.first))} height="10" />}
      </For>
    </svg>
  );
}
