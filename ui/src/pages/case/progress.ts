/** How far something is, how fast it goes, how long it will take. */

export interface Progress {
  readonly records: number;
  readonly seen: number;
  readonly bytes: number;
  /** Records a second; 0 while that cannot be said. */
  readonly rate: number;
  /** Milliseconds; `undefined` while that cannot be said. */
  readonly remaining: number | undefined;
}

/** Before that a rate would be chance. */
const LEAST_MS = 500;

export function progressOf(records: number, seen: number, bytes: number, elapsed: number): Progress {
  const known = elapsed >= LEAST_MS && seen > 0;
  const rate = known ? Math.round((seen * 1000) / elapsed) : 0;
  return { records, seen, bytes, rate, remaining: known ? ((records - seen) * elapsed) / seen : undefined };
}
