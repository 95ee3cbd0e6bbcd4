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
  // Each with what it is to follow: it says nothing of another list that came meanwhile.
  const [going, setGoing] = createSignal<Page<T>>();
  const [failed, setFailed] = createSignal<{ readonly after: Page<T>; readonly cause: unknown }>();
  const isGoing = (): boolean => going() !== undefined && going() === first.now();
  const failure = (): unknown => (failed() !== undefined && failed()!.after === first.now() ? failed()!.cause : undefined);

  async function more(): Promise<void> {
    const wanted = source();
    // The cursor of another list leads nowhere in this one.
    const there = first.now();
    if (wanted === undefined || !there?.next || isGoing()) return;
    setGoing(there);
    setFailed();
    try {
      const came = await ask(wanted, there.next, new AbortController().signal);
      if (first.now() === there) first.set({ items: [...there.items, ...came.items], next: came.next });
    } catch (cause) {
      setFailed({ after: there, cause: cause ?? new Error("it failed without a reason") });
    } finally {
      setGoing((now) => (now === there ? undefined : now));
    }
  }
  return {
    value: () => first.value()?.items,
    now: () => first.now()?.items,
    error: () => first.error() ?? failure(),
    busy: () => first.busy() || isGoing(),
    hasMore: () => first.now()?.next !== undefined,
    more,
    again: () => {
      setFailed();
      return first.again();
    },
    set: (items) => first.set({ items, next: first.value()?.next }),
  };
}
