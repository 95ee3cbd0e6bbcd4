/**
 * What is in view: query, span, lanes, selection. All of it stands in the address, so a link shows the same.
 *
 * The span moves with the hand; the address follows when the hand rests, as a step that "back" undoes.
 */

import { useSearchParams } from "@solidjs/router";
import { createEffect, createMemo, createSignal, on, onCleanup, untrack, type Accessor } from "solid-js";
import { parseInstant, toText } from "~/base/instant";
import { clampSpan, sameSpan, type Span } from "~/base/span";

const RESTS_MS = 350;
const GLIDES_MS = 140;
export const LANES = ["source", "host", "actor", "type", "severity", "category", "outcome", "ip", "tag"] as const;
export const COLUMNS = ["severity", "type", "actor", "host", "source", "message"] as const;

type Params = {
  q?: string; from?: string; to?: string; lane?: string; event?: string; zero?: string; columns?: string; pinned?: string;
  hidden?: string; folded?: string; list?: string; case?: string;
};

/** A list in the address; names with commas keep them. */
const listed = (text: string | undefined): string[] => (text ? text.split(",").map((one) => decodeURIComponent(one)) : []);
const joined = (names: readonly string[]): string | undefined => (names.length ? names.map((one) => encodeURIComponent(one)).join(",") : undefined);

export function createView(whole: Accessor<Span | undefined>) {
  const [params, setParams] = useSearchParams<Params>();
  const addressed = createMemo((): Span | undefined => {
    const from = params.from ? parseInstant(params.from) : undefined;
    const to = params.to ? parseInstant(params.to) : undefined;
    if (from === undefined && to === undefined) return whole();
    const start = from ?? whole()?.start ?? to! - 1_000_000_000n;
    const end = to ?? whole()?.end ?? from! + 1_000_000_000n;
    return start < end ? clampSpan(start, end) : whole();
  }, undefined, { equals: sameSpan });

  const [span, setSpan] = createSignal<Span | undefined>(untrack(addressed), { equals: sameSpan });
  createEffect(on(addressed, (found) => setSpan(found)));
  let resting: ReturnType<typeof setTimeout> | undefined;
  let gliding = 0;
  onCleanup(() => {
    clearTimeout(resting);
    cancelAnimationFrame(gliding);
  });

  /** Show a span at once: a hand holds it. */
  function move(next: Span): void {
    cancelAnimationFrame(gliding);
    setSpan(next);
    clearTimeout(resting);
    resting = setTimeout(() => setParams({ from: toText(next.start), to: toText(next.end) }), RESTS_MS);
  }

  /** Go to a span smoothly: a key or a button asked for it. */
  function glide(next: Span): void {
    const from = untrack(span);
    if (!from || matchMedia("(prefers-reduced-motion: reduce)").matches) return move(next);
    const began = performance.now();
    const step = (time: number): void => {
      const part = Math.min(1, (time - began) / GLIDES_MS);
      if (part >= 1) return move(next);
      const eased = BigInt(Math.round((1 - (1 - part) ** 3) * 1_000_000));
      const between = (a: bigint, b: bigint): bigint => a + ((b - a) * eased) / 1_000_000n;
      setSpan(clampSpan(between(from.start, next.start), between(from.end, next.end)));
      gliding = requestAnimationFrame(step);
    };
    cancelAnimationFrame(gliding);
    gliding = requestAnimationFrame(step);
  }

  const set = (changed: Params): void => setParams(changed);
  return {
    span, move, glide,
    query: () => params.q ?? "",
    lane: () => params.lane ?? "source",
    selected: () => params.event,
    zero: () => (params.zero ? parseInstant(params.zero) : undefined),
    columns: createMemo(() => (params.columns ? listed(params.columns) : [...COLUMNS])),
    pinned: createMemo(() => listed(params.pinned)),
    hidden: createMemo(() => listed(params.hidden)),
    folded: createMemo(() => listed(params.folded)),
    /** How events are listed: each (empty), `undated`, or folded. */
    list: () => params.list ?? "",
    caseId: () => params.case,
    ask: (q: string) => set({ q: q || (undefined as never), event: undefined as never }),
    by: (lane: string) => set({ lane, pinned: undefined as never, hidden: undefined as never, folded: undefined as never }),
    select: (id: string | undefined) => set({ event: id as never }),
    relativeTo: (at: bigint | undefined) => set({ zero: (at === undefined ? undefined : toText(at)) as never }),
    show: (columns: readonly string[]) => set({ columns: joined(columns) as never }),
    keepLanes: (name: "pinned" | "hidden" | "folded", lanes: readonly string[]) => set({ [name]: joined(lanes) as never }),
    listAs: (way: string) => set({ list: (way || undefined) as never }),
    inCase: (id: string | undefined) => set({ case: id as never }),
    open: (changed: Params) => set(changed),
    whole: () => set({ from: undefined as never, to: undefined as never }),
  };
}

export type View = ReturnType<typeof createView>;
