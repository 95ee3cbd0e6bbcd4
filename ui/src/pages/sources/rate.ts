const WINDOW_MS = 10_000;

/** Events a second over the last ten seconds, from when so many came. */
export function perSecond(come: readonly (readonly [number, number])[], now: number): string {
  const sum = come.reduce((all, [at, many]) => (now - at < WINDOW_MS ? all + many : all), 0);
  const rate = sum / (WINDOW_MS / 1000);
  return rate > 0 && rate < 10 ? rate.toFixed(1) : String(Math.round(rate));
}
