/**
 * Asks for something, again when what is asked for changes, and keeps what was there until the new is.
 *
 * Unlike a resource of Solid it never suspends the page: what is shown stays shown, and an error is a value beside it.
 * Where something else was asked for and failed, what was there goes: it answers another question. An answer that says
 * the index lags is asked for again, until it is whole.
 */

import { batch, createEffect, createMemo, createSignal, on, onCleanup, untrack, type Accessor } from "solid-js";

/** Milliseconds until an answer is asked for again that was not whole: at first, and at most. */
const SOON = 500;
const LATE = 10_000;

/** Whether an answer says that it lacks what was taken in last. */
const lags = (came: unknown): boolean => typeof came === "object" && came !== null && Number((came as { index_lag?: unknown }).index_lag) > 0;

export interface Loaded<T> {
  /** What came last; `undefined` before anything came. */
  readonly value: Accessor<T | undefined>;
  /** What came for what is asked for now; `undefined` while only another answer is there. */
  readonly now: Accessor<T | undefined>;
  /** Why the last try failed; `undefined` if it did not. */
  readonly error: Accessor<unknown>;
  readonly busy: Accessor<boolean>;
  /** Ask again; settles when the answer came, or failed. */
  readonly again: () => Promise<void>;
  /** Put something in its place without asking. */
  readonly set: (value: T) => void;
}

/**
 * @param source what is asked for; `undefined`: nothing yet. Another one makes the last answer late: it is let go.
 */
export function load<S, T>(source: Accessor<S | undefined>, ask: (source: S, signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [value, setValue] = createSignal<T>();
  const [error, setError] = createSignal<unknown>();
  const [busy, setBusy] = createSignal(false);
  let running: AbortController | undefined;
  let later: ReturnType<typeof setTimeout> | undefined;
  /** What the value answers. */
  const [answered, setAnswered] = createSignal<S>();

  const put = (came: T, wanted: S | undefined): void => batch(() => {
    setAnswered(() => wanted);
    setValue(() => came);
    setError();
  });
  async function run(wanted: S | undefined, wait = SOON): Promise<void> {
    running?.abort();
    clearTimeout(later);
    running = undefined;
    if (wanted === undefined) return void setBusy(false);
    const mine = new AbortController();
    running = mine;
    setBusy(true);
    try {
      const came = await ask(wanted, mine.signal);
      if (running !== mine) return;
      put(came, wanted);
      if (lags(came)) later = setTimeout(() => void run(wanted, Math.min(2 * wait, LATE)), wait);
    } catch (cause) {
      if (running !== mine || mine.signal.aborted) return;
      if (untrack(answered) !== wanted) setValue();
      setError(() => cause ?? new Error("it failed without a reason"));
    } finally {
      if (running === mine) setBusy(false);
    }
  }
  // What is asked for, not what it was computed of, decides whether it is another.
  const wanted = createMemo(source);
  createEffect(on(wanted, (now) => void run(now)));
  onCleanup(() => {
    running?.abort();
    clearTimeout(later);
  });
  return {
    value, error, busy,
    now: () => (answered() === wanted() ? value() : undefined),
    again: () => run(wanted()),
    set: (next) => put(next, wanted()),
  };
}
