/** A list that comes in pages: the first by itself, each further one when it is asked for. */

import { createSignal, type Accessor } from "solid-js";
import { load } from "./load";

export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string | undefined;
}

export interface Paged<T> {
  /** What came so far; `undefined` before anything did. */
  readonly items: Accessor<readonly T[] | undefined>;
  readonly error: Accessor<unknown>;
  readonly busy: Accessor<boolean>;
  readonly hasMore: Accessor<boolean>;
  readonly more: () => Promise<void>;
  /** Ask for the first page again; what came behind it goes. */
  readonly again: () => Promise<void>;
  /** Put other items in the place of those that came. */
  readonly set: (items: readonly T[]) => void;
}

/** @param ask one page, behind a cursor of the server's. */
export function paged<S, T>(source: Accessor<S | undefined>, ask: (source: S, cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>): Paged<T> {
  const first = load<S, Page<T>>(source, (wanted, signal) => ask(wanted, undefined, signal));
  const [going, setGoing] = createSignal(false);
  const [failed, setFailed] = createSignal<unknown>();

  async function more(): Promise<void> {
    const wanted = source();
    const there = first.value();
    if (wanted === undefined || !there?.next || going()) return;
    setGoing(true);
    setFailed();
    try {
      const came = await ask(wanted, there.next, new AbortController().signal);
      // Another list may have come meanwhile: this page is none of its.
      if (first.value() === there) first.set({ items: [...there.items, ...came.items], next: came.next });
    } catch (cause) {
      setFailed(() => cause);
    } finally {
      setGoing(false);
    }
  }
  return {
    items: () => first.value()?.items,
    error: () => first.error() ?? failed(),
    busy: () => first.busy() || going(),
    hasMore: () => first.value()?.next !== undefined,
    more,
    again: () => {
      setFailed();
      return first.again();
    },
    set: (items) => first.set({ items, next: first.value()?.next }),
  };
}
