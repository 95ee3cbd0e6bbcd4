/** A list that comes in pages: the first by itself, each further one when it is asked for. */

import { createSignal, type Accessor } from "solid-js";
import { load, type Loaded } from "./load";

export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string | undefined;
}

/** All that came so far as one list; asked again, the first page comes anew and what came behind it goes. */
export interface Paged<T> extends Loaded<readonly T[]> {
  readonly hasMore: Accessor<boolean>;
  readonly more: () => Promise<void>;
}

/** @param ask one page, behind a cursor of the server's. */
export function paged<S, T>(source: Accessor<S | undefined>, ask: (source: S, cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>): Paged<T> {
  const first = load<S, Page<T>>(source, (wanted, signal) => ask(wanted, undefined, signal));
  const [going, setGoing] = createSignal(false);
  const [failed, setFailed] = createSignal<unknown>();

  async function more(): Promise<void> {
    const wanted = source();
    // The cursor of another list leads nowhere in this one.
    const there = first.now();
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
    value: () => first.value()?.items,
    now: () => first.now()?.items,
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
