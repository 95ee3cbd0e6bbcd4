/**
 * The events of a list, page by page both ways from where it was opened; far pages are let go and come again.
 *
 * It opens at the chosen event, or where that would stand; without one, at its first. An event that is chosen while it is
 * far from all that is loaded opens the list anew.
 */

import { batch, createEffect, createMemo, createSignal, on, onCleanup, untrack, type Accessor } from "solid-js";
import { api, held } from "~/api/client";
import { Problem } from "~/api/problem";
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
  around?: Around;
}

interface Around {
  /** How many events of the page stand before the chosen one. */
  readonly before: number;
  readonly unlisted?: Unlisted;
}

/** Why the chosen event is not in the list; `unknown`: there is none of that id that one may see. */
export type Unlisted = "query" | "outside" | "undated" | "dated" | "unknown";
/** An opening of the list: which of its events is to be in sight, by its place. */
export interface Opened {
  readonly place: number;
}

export interface Asked {
  readonly query: string;
  readonly span: Span | undefined;
  readonly undated: boolean;
  /** Counts up with each time that everything is asked for anew. */
  readonly asOf: number;
}

export function createList(asked: Accessor<Asked>, chosen: Accessor<string | undefined>, turns: Turns) {
  const [pages, setPages] = createSignal<readonly Page[]>([]);
  const [failure, setFailure] = createSignal<unknown>();
  const [waiting, setWaiting] = createSignal(true);
  const events = createMemo((): readonly EventShape[] => pages().flatMap((page) => page.events));
  const [opened, setOpened] = createSignal<Opened>({ place: 0 });
  const [unlisted, setUnlisted] = createSignal<Unlisted>();
  /** Another opening is asked for, or will be in a moment. */
  let opening = true;
  let busy = false;
  /** Nothing stands before the first page, as far as was seen. */
  let atTop = true;
  let current = asked();
  let abort = new AbortController();
  onCleanup(() => abort.abort());

  const page = (from: { cursor?: string; around?: string }, signal: AbortSignal): Promise<Page> =>
    held(api.GET("/v1/search", {
      params: {
        query: {
          q: current.query, order: "asc", limit: PAGE, undated: current.undated,
          ...(current.span && !current.undated ? { start: toText(current.span.start), end: toText(current.span.end) } : {}),
          ...from,
        },
      },
      signal,
    })) as Promise<Page>;

  async function first(signal: AbortSignal): Promise<Page> {
    const around = untrack(chosen);
    if (!around) return page({}, signal);
    try {
      return await page({ around }, signal);
    } catch (error) {
      // What is wrong with the event is said beside it; the list is there all the same.
      if (!(error instanceof Problem) || !(error.isUnknown || error.isForbidden)) throw error;
      return { ...(await page({}, signal)), around: { before: 0, unlisted: "unknown" } };
    }
  }

  async function begin(): Promise<void> {
    abort.abort();
    abort = new AbortController();
    const { signal } = abort;
    busy = false;
    setWaiting(true);
    try {
      const found = await turns.take(TURN.list, signal, () => first(signal));
      if (signal.aborted) return;
      batch(() => {
        setFailure();
        setPages([found]);
        setOpened({ place: found.around?.before ?? 0 });
        setUnlisted(found.around?.unlisted);
      });
      atTop = !found.around || (found.around.unlisted !== undefined && found.around.unlisted !== "query");
    } catch (error) {
      if (!signal.aborted) setFailure(error);
    } finally {
      if (!signal.aborted) {
        opening = false;
        setWaiting(false);
      }
    }
  }

  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(timer));
  createEffect(on([asked, chosen], ([now, id], before) => {
    const isSame = before?.[0] === now;
    const isThere = !opening && untrack(events).some((one) => one.id === id);
    if (isSame && (!id || isThere)) return void setUnlisted();
    opening = true;
    current = now;
    // What was asked for before is needed no more, and what comes is not to wait for it.
    abort.abort();
    clearTimeout(timer);
    timer = setTimeout(() => void begin(), isSame ? 0 : RESTS_MS);
  }));

  /** Take in the page after the last, or before the first. */
  async function more(later: boolean): Promise<void> {
    const there = pages();
    const cursor = later ? there.at(-1)?.next_cursor : atTop ? undefined : there[0]?.previous_cursor;
    if (!cursor || busy) return;
    busy = true;
    const { signal } = abort;
    try {
      const found = await turns.take(TURN.list, signal, () => page({ cursor }, signal));
      if (signal.aborted) return;
      if (later) {
        const gone = Math.max(0, there.length + 1 - KEPT);
        if (gone) atTop = false;
        setPages([...there.slice(gone), found]);
      } else {
        atTop = found.events.length === 0;
        if (!atTop) setPages([found, ...there].slice(0, KEPT));
      }
    } catch (error) {
      if (!signal.aborted) setFailure(error);
    } finally {
      // Another list may have begun meanwhile, and be taking in a page of its own.
      if (!signal.aborted) busy = false;
    }
  }
  return {
    events, opened, unlisted, failure, waiting, more, retry: () => void begin(), hasMore: () => pages().at(-1)?.next_cursor !== undefined,
    lag: () => pages()[0]?.index_lag ?? 0,
  };
}

export type List = ReturnType<typeof createList>;
