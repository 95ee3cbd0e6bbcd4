/** Whether more has come than is shown: looked for now and then, and said; what somebody reads is not moved. */

import { createEffect, createSignal, on, onCleanup, type Accessor } from "solid-js";

const EVERY_MS = 15_000;

/**
 * How many more there are by now, and what takes that back: they are about to be shown.
 *
 * @param shown how many are shown; `undefined`: nobody is to be told of more.
 * @param ask how many there are.
 */
export function createNews(shown: Accessor<number | undefined>, ask: (signal: AbortSignal) => Promise<number>): readonly [Accessor<number>, () => void] {
  const [news, setNews] = createSignal(0);
  createEffect(on(shown, (known) => {
    setNews(0);
    if (known === undefined) return;
    const abort = new AbortController();
    let isAsking = false;
    async function look(): Promise<void> {
      if (isAsking || document.visibilityState !== "visible") return;
      isAsking = true;
      try {
        const there = await ask(abort.signal);
        if (!abort.signal.aborted) setNews(Math.max(0, there - known!));
      } catch {
        // It is asked again soon, and whatever a person asks meanwhile says why it fails.
      } finally {
        isAsking = false;
      }
    }
    const timer = setInterval(() => void look(), EVERY_MS);
    const seen = (): void => void look();
    document.addEventListener("visibilitychange", seen);
    onCleanup(() => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", seen);
      abort.abort();
    });
  }));
  return [news, () => void setNews(0)];
}
