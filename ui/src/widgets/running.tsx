/** Long work at the server: how far it is, how fast, what remains; then what came of it. */

import { createSignal, onCleanup, Show, type JSX } from "solid-js";
import { lines, raw } from "~/api/client";
import { tellError } from "~/state/notices";
import { count } from "./text";
import "./running.css";

interface Line<R> {
  readonly progress?: { readonly done?: number; readonly of?: number };
  readonly report?: R;
}

export interface Work<R> {
  /** Ask the server, follow what it says, give what it reports. Another while one runs is not begun. */
  run: (path: string, body?: unknown) => Promise<R | undefined>;
  readonly isRunning: () => boolean;
  readonly View: (props: { what: string; unit?: string }) => JSX.Element;
}

/** Work that answers lines of `progress` and one `report`. It goes on at the server when the page is left. */
export function createWork<R>(): Work<R> {
  const [done, setDone] = createSignal<number>();
  const [total, setTotal] = createSignal(0);
  const [isRunning, setRunning] = createSignal(false);
  const [elapsed, setElapsed] = createSignal(0);
  let stop: AbortController | undefined;
  onCleanup(() => stop?.abort());

  async function run(path: string, body?: unknown): Promise<R | undefined> {
    if (isRunning()) return undefined;
    stop = new AbortController();
    const from = performance.now();
    setRunning(true);
    setDone(undefined);
    setTotal(0);
    setElapsed(0);
    const clock = setInterval(() => setElapsed((performance.now() - from) / 1000), 250);
    let report: R | undefined;
    try {
      const init: RequestInit = { method: "POST", signal: stop.signal };
      if (body !== undefined) Object.assign(init, { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
      for await (const line of lines<Line<R>>(await raw(path, init))) {
        if (line.progress?.of !== undefined) { setTotal(line.progress.of); setDone(line.progress.done ?? 0); }
        if (line.report !== undefined) report = line.report;
      }
    } catch (error) {
      tellError(error);
    } finally {
      clearInterval(clock);
      setRunning(false);
    }
    return report;
  }

  function View(props: { what: string; unit?: string }): JSX.Element {
    const rate = (): number => (elapsed() > 0.5 && done() ? done()! / elapsed() : 0);
    const left = (): number => (rate() && total() > (done() ?? 0) ? (total() - done()!) / rate() : 0);
    return (
      <Show when={isRunning()}>
        <div class="running" role="status">
          <span>{props.what}</span>
          <Bar done={done()} of={total()} label={props.what} />
          <span class="quiet num">
            <Show when={total()} fallback={`${elapsed().toFixed(0)} s`}>
              {count(done() ?? 0)} of {count(total())} {props.unit ?? "entries"}{rate() ? `, ${count(Math.round(rate()))} a second` : ""}{left() >= 1 ? `, ${seconds(left())} left` : ""}
            </Show>
          </span>
        </div>
      </Show>
    );
  }
  return { run, isRunning, View };
}

/** How far something is; without a number: that it goes on. */
export function Bar(props: { done: number | undefined; of: number; label: string }): JSX.Element {
  return (
    <Show when={props.of && props.done !== undefined} fallback={<progress class="bar-of" aria-label={props.label} />}>
      <progress class="bar-of" aria-label={props.label} max={props.of} value={props.done} />
    </Show>
  );
}

/** `1 min 20 s`. */
export function seconds(size: number): string {
  const whole = Math.ceil(size);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
