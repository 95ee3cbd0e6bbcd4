/**
 * Plays a replay of the server's: opens its stream, steers it, and goes on behind the last event if the stream is lost.
 *
 * A browser asks again by itself with the id of the last event; the server's new replay then begins at the speed of the
 * address, so it is told at once how this one plays. Where the server refuses, it is asked anew after a while.
 */

import { createSignal, onCleanup, type Accessor } from "solid-js";
import { api } from "~/api/client";
import type { EventShape } from "~/api/shapes";
import { toText, type Instant } from "~/base/instant";
import { tellError } from "~/state/notices";
import { instantOf, placeOf, prepended, type Clock, type Told } from "./told";

export type State = "idle" | "playing" | "paused" | "lost" | "done";

/** What is played, and how. */
export interface Score {
  readonly query: string;
  readonly start: string;
  readonly end: string;
  readonly speed: number;
  readonly gap: number;
}

const AGAIN_MS = 3000;
const TRIES = 20;

export interface Player {
  readonly state: Accessor<State>;
  readonly told: Accessor<readonly Told[]>;
  readonly count: Accessor<number>;
  readonly cursor: Accessor<Instant | undefined>;
  readonly play: () => void;
  readonly pause: () => void;
  /** Go to an instant, and on from there. */
  readonly seek: (at: Instant) => void;
  /** Let go, and forget what was told. */
  readonly reset: () => void;
  /** Tell the replay that its speed or longest gap is another now. */
  readonly repace: () => void;
}

export function createPlayer(score: Accessor<Score>): Player {
  const [state, setState] = createSignal<State>("idle");
  const [told, setTold] = createSignal<readonly Told[]>([]);
  const [count, setCount] = createSignal(0);
  const [cursor, setCursor] = createSignal<Instant>();
  let source: EventSource | undefined;
  let name = "";
  let last = "";
  let tries = 0;
  let waiting: Told[] = [];
  let cut = 0n;
  let clock: Clock | undefined;
  let frame = 0;
  let steered: Promise<void> = Promise.resolve();
  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(close);

  function close(): void {
    source?.close();
    source = undefined;
    name = "";
    clearTimeout(timer);
    cancelAnimationFrame(frame);
    frame = 0;
  }

  /** Shows at most once a frame what came meanwhile, and moves the cursor. */
  function tick(): void {
    frame = 0;
    if (waiting.length) {
      const came = waiting;
      waiting = [];
      setCount((n) => n + came.length);
      setTold((there) => prepended(there, came));
    }
    if (clock && state() === "paused") setCursor(clock.at);
    else if (clock && state() === "playing") setCursor(placeOf(clock, performance.now(), score().speed, score().gap));
    if (source && state() === "playing") frame = requestAnimationFrame(tick);
  }
  const wake = (): void => void (frame ||= requestAnimationFrame(tick));

  function open(from?: Instant): void {
    close();
    const { query, start, end, speed, gap } = score();
    const asked = new URLSearchParams({ q: query, speed: `${speed}`, max_gap: `${gap}` });
    if (from !== undefined || start) asked.set("start", from === undefined ? start : toText(from));
    if (end) asked.set("end", end);
    if (last && from === undefined) asked.set("after", last);
    source = new EventSource(`/v1/replay?${asked.toString()}`);
    source.addEventListener("begin", (message) => {
      name = (JSON.parse(message.data as string) as { replay: string }).replay;
      tries = 0;
      // A stream that was opened anew by the browser plays as its address says, not as this one did.
      if (state() === "lost") void steer({ speed: score().speed, max_gap: score().gap });
      if (state() !== "paused") setState("playing");
      else void steer({ paused: true });
      wake();
    });
    source.addEventListener("gap", (message) => void (cut = BigInt((JSON.parse(message.data as string) as { cut_ns: number }).cut_ns)));
    source.addEventListener("event", (message) => {
      const event = JSON.parse(message.data as string) as EventShape;
      last = event.id;
      waiting.push({ event, cut });
      cut = 0n;
      const at = instantOf(event);
      if (at !== undefined) clock = { at, since: performance.now() };
      wake();
    });
    source.addEventListener("done", () => {
      tick();
      if (clock) setCursor(clock.at);
      setState("done");
      close();
    });
    source.addEventListener("error", () => {
      if (state() !== "paused") setState("lost");
      if (source?.readyState !== EventSource.CLOSED) return; // the browser asks again, with the last id
      close();
      if (++tries > TRIES) return;
      timer = setTimeout(() => open(), AGAIN_MS);
    });
    if (state() !== "paused") setState("playing");
    wake();
  }

  /** One after another: of a pause and what goes on again right behind it, the server would else do the later first. */
  function steer(body: { paused?: boolean; speed?: number; max_gap?: number; at?: string }): Promise<void> {
    const to = name;
    if (!to) return Promise.resolve();
    steered = steered.then(() => api.POST("/v1/replay/{name}", { params: { path: { name: to } }, body })).then(() => {}, tellError);
    return steered;
  }

  function reset(): void {
    close();
    last = "";
    clock = undefined;
    waiting = [];
    cut = 0n;
    setTold([]);
    setCount(0);
    setCursor();
    setState("idle");
  }

  return {
    state, told, count, cursor, reset,
    play: () => {
      if (state() === "done") reset();
      const wasPaused = state() === "paused";
      setState("playing");
      if (wasPaused && source && name) {
        if (clock) clock = { at: cursor() ?? clock.at, since: performance.now() };
        void steer({ paused: false });
        wake();
      } else open();
    },
    pause: () => {
      setState("paused");
      void steer({ paused: true });
    },
    seek: (at) => {
      setCursor(at);
      clock = { at, since: performance.now() };
      if (source && name) return void steer({ at: toText(at) });
      // Nothing plays: what comes next begins there.
      last = "";
      if (state() === "done" || state() === "idle") setState("playing");
      open(at);
    },
    repace: () => {
      if (clock) clock = { at: cursor() ?? clock.at, since: performance.now() };
      void steer({ speed: score().speed, max_gap: score().gap });
    },
  };
}
