/** A list that comes in pages, each with the cursor of the next: as many of them as were asked for. */

import { createEffect, createSignal, on, onCleanup, type Accessor } from "solid-js";

export interface PageOf<T> {
  readonly rows: readonly T[];
  readonly next: string | undefined;
}

export interface PagesOf<T> {
  readonly rows: Accessor<readonly T[]>;
  readonly error: Accessor<unknown>;
  /** Whether nothing has come yet. */
  readonly isWaiting: Accessor<boolean>;
  readonly isMore: Accessor<boolean>;
  readonly more: () => void;
  readonly again: () => void;
}

/**
 * Rows stay in sight until the first page of another question has come.
 *
 * @param question what is asked; asked anew when it changes.
 * @param ask answers a page: the first without a cursor.
 */
export function pagesOf<Q, T>(question: Accessor<Q>, ask: (question: Q, cursor: string | undefined, signal: AbortSignal) => Promise<PageOf<T>>): PagesOf<T> {
  const [rows, setRows] = createSignal<readonly T[]>([]);
  const [error, setError] = createSignal<unknown>();
  const [isWaiting, setWaiting] = createSignal(true);
  const [next, setNext] = createSignal<string>();
  let abort = new AbortController();
  let busy = false;
  async function page(asked: Q, cursor: string | undefined): Promise<void> {
    const { signal } = abort;
    busy = true;
    try {
      const found = await ask(asked, cursor, signal);
      if (signal.aborted) return;
      setRows((there) => (cursor === undefined ? found.rows : [...there, ...found.rows]));
      setNext(found.next);
      setError();
    } catch (caught) {
      if (signal.aborted) return;
      setError(() => caught);
    }
    busy = false;
    setWaiting(false);
  }
  function begin(asked: Q): void {
    abort.abort();
    abort = new AbortController();
    void page(asked, undefined);
  }
  createEffect(on(question, begin));
  onCleanup(() => abort.abort());
  return {
    rows, error, isWaiting, isMore: () => next() !== undefined,
    more: () => {
      const cursor = next();
      if (!busy && cursor !== undefined) void page(question(), cursor);
    },
    again: () => begin(question()),
  };
}
