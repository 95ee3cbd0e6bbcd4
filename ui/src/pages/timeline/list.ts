/** The events of a list, page by page both ways from where it was opened; far pages are let go and come again. */

import { createEffect, createMemo, createSignal, on, onCleanup, type Accessor } from "solid-js";
import { api, held } from "~/api/client";
import type { EventShape } from "~/api/shapes";
import { toText } from "~/base/instant";
import type { Span } from "~/base/span";
import { TURN, type Turns } from "~/state/turns";

const PAGE = 200;
/** Pages that are kept; 6,000 events. */
const KEPT = 30;
const RESTS_MS = 250;

interface Page {
  events: EventShape[];
  next_cursor?: string;
  previous_cursor?: string;
  index_lag?: number;
}

export interface Asked {
  readonly query: string;
  readonly span: Span | undefined;
  readonly undated: boolean;
  /** Counts up with each time that everything is asked for anew. */
  readonly asOf: number;
}

export function createList(asked: Accessor<Asked>, turns: Turns) {
  const [pages, setPages] = createSignal<readonly Page[]>([]);
  const [failure, setFailure] = createSignal<unknown>();
  const [waiting, setWaiting] = createSignal(true);
  const events = createMemo((): readonly EventShape[] => pages().flatMap((page) => page.events));
  let busy = false;
  /** Nothing stands before the first page, as far as was seen. */
  let atTop = true;
  let current = asked();
  let abort = new AbortController();
  onCleanup(() => abort.abort());

  const page = (cursor: string | undefined, signal: AbortSignal): Promise<Page> =>
    held(api.GET("/v1/search", {
      params: {
        query: {
          q: current.query, order: "asc", limit: PAGE, undated: current.undated,
          ...(current.span && !current.undated ? { start: toText(current.span.start), end: toText(current.span.end) } : {}),
          ...(cursor ? { cursor } : {}),
        },
      },
      signal,
    })) as Promise<Page>;

  async function begin(): Promise<void> {
    abort.abort();
    abort = new AbortController();
    const { signal } = abort;
    busy = false;
    setWaiting(true);
    try {
      const found = await turns.take(TURN.list, signal, () => page(undefined, signal));
      if (signal.aborted) return;
      setFailure();
      setPages([found]);
      atTop = true;
    } catch (error) {
      if (!signal.aborted) setFailure(error);
    } finally {
      if (!signal.aborted) setWaiting(false);
    }
  }

  createEffect(on(asked, (now) => {
    current = now;
    // What was asked for before is needed no more, and what comes is not to wait for it.
    abort.abort();
    const timer = setTimeout(() => void begin(), RESTS_MS);
    onCleanup(() => clearTimeout(timer));
  }));

  /** Take in the page after the last, or before the first. Returns how many events came to the top, or went from there. */
  async function more(later: boolean): Promise<number> {
    const there = pages();
    const cursor = later ? there.at(-1)?.next_cursor : atTop ? undefined : there[0]?.previous_cursor;
    if (!cursor || busy) return 0;
    busy = true;
    const { signal } = abort;
    try {
      const found = await turns.take(TURN.list, signal, () => page(cursor, signal));
      if (signal.aborted) return 0;
      if (later) {
        const gone = there.slice(0, Math.max(0, there.length + 1 - KEPT));
        if (gone.length) atTop = false;
        setPages([...there.slice(gone.length), found]);
        return -gone.reduce((sum, one) => sum + one.events.length, 0);
      }
      atTop = found.events.length === 0;
      if (!atTop) setPages([found, ...there].slice(0, KEPT));
      return found.events.length;
    } catch (error) {
      if (!signal.aborted) setFailure(error);
      return 0;
    } finally {
      // Another list may have begun meanwhile, and be taking in a page of its own.
      if (!signal.aborted) busy = false;
    }
  }
  return {
    events, failure, waiting, more, retry: () => void begin(), hasMore: () => pages().at(-1)?.next_cursor !== undefined,
    lag: () => pages()[0]?.index_lag ?? 0,
  };
}

export type List = ReturnType<typeof createList>;
