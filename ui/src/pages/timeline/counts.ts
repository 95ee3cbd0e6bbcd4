/**
 * Keeps the pictures of the lanes: the whole log's at once, finer ones of what is in view as they come.
 *
 * A picture is asked for with as much again on either side, so that a hand that pans has it already. What is finer is
 * laid over what is coarser; nothing ever disappears while something better is on its way.
 */

import { batch, createEffect, createMemo, createSignal, on, onCleanup, untrack, type Accessor } from "solid-js";
import { raw } from "~/api/client";
import { toText } from "~/base/instant";
import { readDensity, type Density } from "~/base/density";
import { narrowed } from "~/base/query";
import { clampSpan, sameSpan, share, width, type Span } from "~/base/span";
import { drawPicture, mostOf, type Layers, type Picture } from "~/canvas/bars";
import type { Palette } from "~/canvas/palette";
import { tellError } from "~/state/notices";
import { TURN, type Turns } from "~/state/turns";

const COARSE = 1500;
const MOST_BUCKETS = 4500;
const KEPT = 8;
const RESTS_MS = 90;
const STEPS = [["medium", "severity:>=medium"], ["high", "severity:>=high"], ["critical", "severity:critical"]] as const;

/** Counts of events by lane and bucket. */
export async function askDensity(query: string, span: Span | undefined, lane: string, buckets: number, signal?: AbortSignal): Promise<Density> {
  const asked = new URLSearchParams({ q: query, buckets: `${buckets}`, format: "binary" });
  if (lane) asked.set("lane", lane);
  if (span) {
    asked.set("start", toText(span.start));
    asked.set("end", toText(span.end));
  }
  const answer = await raw(`/v1/timeline/density?${asked}`, signal ? { signal } : {});
  return readDensity(await answer.arrayBuffer());
}

/** What a picture is of. */
export interface Asked {
  readonly span: Span;
  readonly lane: string;
  readonly query: string;
  readonly buckets: number;
  /** Counts up with each time that everything was asked for anew. */
  readonly asOf: number;
}

/** Whether two pictures answer the same question, asked at the same time. */
const isSame = (a: Omit<Asked, "span" | "buckets">, b: Omit<Asked, "span" | "buckets">): boolean => a.query === b.query && a.lane === b.lane && a.asOf === b.asOf;

/**
 * The pictures with one more laid over them: those of another question go, and of the finer ones those that came first.
 *
 * The whole log's stays: nothing else shows what lies outside of the finer ones.
 */
export function laid<T extends Asked>(there: readonly T[], entry: T, whole: Span | undefined): readonly T[] {
  const same = there.filter((one) => isSame(one, entry));
  const [all, finer] = [same.filter((one) => sameSpan(one.span, whole)), same.filter((one) => !sameSpan(one.span, whole))];
  return sameSpan(entry.span, whole) ? [entry, ...finer] : [...all, ...finer.slice(-KEPT + 1), entry];
}

/** The same counts as one row, where each event stands in one lane; `undefined` where some stand in several. */
export function countedOnce(all: Density): Density | undefined {
  const row = new Uint32Array(all.buckets);
  let sum = 0;
  for (const counts of all.rows) {
    for (let i = 0; i < row.length; i++) row[i]! += counts[i]!;
    sum += counts.reduce((a, b) => a + b, 0);
  }
  return sum === all.total ? { ...all, lanes: [""], other: false, rows: [row] } : undefined;
}

export function createCounts(
  query: Accessor<string>, lane: Accessor<string>, span: Accessor<Span | undefined>, pixels: Accessor<number>, palette: Accessor<Palette>,
  turns: Turns,
) {
  const [extent, setExtent] = createSignal<Span & { readonly total: number }>();
  /** Of the whole log's events, each once. */
  const [whole, setWhole] = createSignal<Density>();
  const [failure, setFailure] = createSignal<unknown>();
  const [layers, setLayers] = createSignal<readonly (Asked & Layers)[]>([]);
  const [waiting, setWaiting] = createSignal(false);
  /** What the pictures are of: it stays what it was until the first of the next is there, or if there is none to come. */
  const [told, setTold] = createSignal<{ query: string; lane: string }>();
  /** From the first to the last that matches. */
  const frame = createMemo((): Span | undefined => { const all = extent(); return all?.total ? { start: all.start, end: all.end } : undefined; }, undefined, { equals: sameSpan });
  let loads = 0;

  async function load(asked: Asked, signal: AbortSignal): Promise<void> {
    const all = await turns.take(TURN.picture, signal, () => askDensity(asked.query, asked.span, asked.lane, asked.buckets, signal));
    if (!signal.aborted) await lay(asked, all, signal);
  }

  /** Take in counts, and then those of what is graver over them. */
  async function lay(asked: Asked, all: Density, signal: AbortSignal): Promise<void> {
    let entry: Asked & Layers = { ...asked, all, graver: [] };
    batch(() => {
      setLayers((there) => laid(there, entry, untrack(frame)));
      setTold({ query: asked.query, lane: asked.lane });
    });
    for (const [step, term] of STEPS) {
      const counts = await turns.take(TURN.graver, signal, () => askDensity(narrowed(asked.query, term), asked.span, asked.lane, asked.buckets, signal));
      if (signal.aborted || counts.total === 0) return;
      const next = { ...entry, graver: [...entry.graver, { step, counts }] };
      setLayers((there) => there.map((one) => (one === entry ? next : one)));
      entry = next;
    }
  }

  // The whole log: as what is seen before anything finer is there, for the order of lanes, and for the strip above. The
  // lanes are asked for at once, without waiting for anything that they are counted without.
  const [tries, setTries] = createSignal(0);
  createEffect(on([query, lane, tries], ([q, by, asOf]) => {
    const abort = new AbortController();
    const { signal } = abort;
    onCleanup(() => abort.abort());
    setFailure();
    const ask = (of: string, span?: Span): Promise<Density> => turns.take(TURN.picture, signal, () => askDensity(q, span, of, COARSE, signal));
    void (async () => {
      try {
        const all = await ask(by);
        if (signal.aborted) return;
        const within = { start: all.start, end: all.end };
        const once = countedOnce(all);
        batch(() => {
          setExtent({ ...within, total: all.total });
          if (all.total === 0) {
            setLayers([]);
            setTold({ query: q, lane: by });
          }
        });
        if (all.total === 0) return void setWhole(all);
        const strip = async (): Promise<void> => {
          const each = once ?? (await ask("", within));
          if (!signal.aborted) setWhole(each);
        };
        await Promise.all([lay({ span: within, lane: by, query: q, buckets: COARSE, asOf }, all, signal), strip()]);
      } catch (error) {
        if (!signal.aborted) setFailure(error);
      }
    })();
  }));

  const hasWhole = createMemo(() => layers().some((one) => isSame(one, { query: query(), lane: lane(), asOf: tries() }) && sameSpan(one.span, frame())));

  // What is in view, finer: when the hand rests for a moment.
  createEffect(on([query, lane, span, pixels, extent, hasWhole, tries], ([q, by, seen, wide, all, there, asOf]) => {
    if (!seen || !all || all.total === 0 || wide < 10) return;
    const everything = seen.start <= all.start && seen.end >= all.end;
    // Its picture is on its way, and may be as fine as the screen.
    if (everything && !there) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      const drawn = everything ? { start: all.start, end: all.end } : seen;
      if (isFine(untrack(layers), { span: drawn, lane: by, query: q, asOf }, share(width(seen), 1.6 / wide) + 1n)) return;
      const size = width(seen);
      const asked = { span: clampSpan(seen.start - size, seen.end + size), lane: by, query: q, buckets: Math.min(MOST_BUCKETS, Math.round(wide * 3)), asOf };
      const number = ++loads;
      setWaiting(true);
      load(asked, abort.signal)
        .catch((error: unknown) => !abort.signal.aborted && tellError(error))
        .finally(() => number === loads && setWaiting(false));
    }, RESTS_MS);
    onCleanup(() => {
      clearTimeout(timer);
      abort.abort();
    });
  }));

  const order = createMemo(() => layers()[0]?.all.lanes ?? []);
  const drawn = new WeakMap<Asked & Layers, [Palette, Picture]>();
  const pictures = createMemo((): Picture[] =>
    layers()
      .filter((one) => one.lane === told()?.lane && one.query === told()?.query)
      .toSorted((a, b) => Number(b.all.width - a.all.width))
      .map((one) => {
        const kept = drawn.get(one);
        if (kept?.[0] === palette()) return kept[1];
        const picture = drawPicture(one, palette(), mostOf(one.all));
        drawn.set(one, [palette(), picture]);
        return picture;
      }),
  );
  const stale = (): boolean => told() !== undefined && (told()!.query !== query() || told()!.lane !== lane());
  return { extent, frame, whole, order, pictures, failure, again: () => setTries((n) => n + 1), stale, waiting: () => waiting() || (stale() && !failure()) };
}

function isFine(layers: readonly (Asked & Layers)[], wanted: Omit<Asked, "buckets">, perPixel: bigint): boolean {
  return layers.some((one) =>
    isSame(one, wanted) && one.all.width <= perPixel && one.span.start <= wanted.span.start && one.span.end >= wanted.span.end);
}

export type Counts = ReturnType<typeof createCounts>;
