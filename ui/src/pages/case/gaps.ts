/** Where the events of a list stand far apart. */

import { MINUTE, parseInstant, type Instant } from "~/base/instant";

/** How many times the usual distance two events stand apart before that is said. */
const TIMES = 20n;

/** Of texts of times in order: before which of them time passed in which nothing was, and how much. */
export function gapsOf(times: readonly (string | undefined)[]): ReadonlyMap<number, bigint> {
  const found = new Map<number, bigint>();
  const between: { readonly at: number; readonly length: bigint }[] = [];
  let before: Instant | undefined;
  for (const [at, text] of times.entries()) {
    const now = text === undefined ? undefined : parseInstant(text);
    if (now !== undefined && before !== undefined) between.push({ at, length: now > before ? now - before : before - now });
    before = now ?? before;
  }
  const usual = between.map((one) => one.length).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))[Math.floor(between.length / 2)] ?? 0n;
  const least = usual * TIMES > MINUTE ? usual * TIMES : MINUTE;
  for (const { at, length } of between) if (length >= least) found.set(at, length);
  return found;
}
