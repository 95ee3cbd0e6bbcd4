/** The single events in view, once they are few enough to be seen one by one; and what else lies over the lanes. */

import { createEffect, createMemo, createSignal, on, onCleanup, untrack, type Accessor } from "solid-js";
import { api, held } from "~/api/client";
import type { EventShape, Severity } from "~/api/shapes";
import { parseInstant, toText } from "~/base/instant";
import { clampSpan, width, type Span } from "~/base/span";
import type { Picture } from "~/canvas/bars";
import type { Mark } from "~/canvas/marks";
import { load, type Loaded } from "~/state/load";
import { tellError } from "~/state/notices";
import { may } from "~/state/session";
import { TURN, type Turns } from "~/state/turns";

/** As many events in view as are ever drawn one by one. */
const FEWEST = 100;
const FEW = 3000;
/** Pixels that an event of a lane should have, on average, to be worth a mark of its own. */
const ROOM = 10;
const MOST = 10_000;
const RESTS_MS = 120;

export interface Marks {
  readonly span: Span;
  readonly byLane: ReadonlyMap<string, readonly Mark[]>;
  readonly laneOf: ReadonlyMap<string, string>;
}

/** How many events the finest picture counts in a span, or some number above `enough`; `undefined` where none reaches. */
export function countIn(pictures: readonly Picture[], span: Span, enough = Infinity): number | undefined {
  const finest = pictures.findLast((one) => one.counts.start <= span.start && one.counts.end >= span.end) ?? pictures[0];
  if (!finest) return undefined;
  const { counts } = finest;
  const first = Math.max(0, Number((span.start - counts.origin) / counts.width));
  const last = Math.min(counts.buckets - 1, Number((span.end - 1n - counts.origin) / counts.width));
  let sum = 0;
  for (const row of counts.rows) {
    for (let i = first; i <= last; i++) sum += row[i]!;
    if (sum > enough) break;
  }
  return sum;
}

export function createMarks(
  query: Accessor<string>, lane: Accessor<string>, span: Accessor<Span | undefined>, pictures: Accessor<readonly Picture[]>, pixels: Accessor<number>,
  turns: Turns, asOf: Accessor<number>,
) {
  let marked = asOf();
  const few = (): number => Math.min(FEW, Math.max(FEWEST, ((pictures()[0]?.counts.rows.length ?? 1) * pixels()) / ROOM));
  const [marks, setMarks] = createSignal<Marks>();
  createEffect(on([query, lane], () => setMarks()));
  createEffect(on([query, lane, span, pictures, asOf], ([q, by, seen, drawn, now]) => {
    if (!seen) return;
    const most = untrack(few);
    const sum = countIn(drawn, seen, most);
    if (sum === undefined || sum > most) return void setMarks();
    const have = untrack(marks);
    if (have && marked === now && have.span.start <= seen.start && have.span.end >= seen.end) return;
    const abort = new AbortController();
    const timer = setTimeout(() => void ask(q, by, seen, abort.signal), RESTS_MS);
    onCleanup(() => {
      clearTimeout(timer);
      abort.abort();
    });
  }));

  async function ask(q: string, by: string, seen: Span, signal: AbortSignal): Promise<void> {
    const size = width(seen);
    // With room on either side, unless that would be more than are drawn.
    for (const room of [size, 0n]) {
      const wide = clampSpan(seen.start - room, seen.end + room);
      try {
        const asked = { q, lane: by, start: toText(wide.start), end: toText(wide.end), limit: MOST };
        const found = await turns.take(TURN.marks, signal, () => held(api.GET("/v1/timeline/marks", { params: { query: asked }, signal })));
        if (found.more && room) continue;
        marked = untrack(asOf);
        return void setMarks(arranged(wide, found));
      } catch (error) {
        if (!signal.aborted) tellError(error);
        return;
      }
    }
  }
  return marks;
}

/** How many events a span holds, exactly: lanes may count one in several of them. What was true before stays until then. */
export function createSum(query: Accessor<string>, span: Accessor<Span | undefined>, turns: Turns, asOf: Accessor<number>): Loaded<number> {
  const wanted = createMemo(() => { const seen = span(); return seen && { q: query(), seen, asOf: asOf() }; });
  return load(wanted, async ({ q, seen }, signal) => {
    await rested(signal);
    const asked = { q, start: toText(seen.start), end: toText(seen.end) };
    const found = await turns.take(TURN.sum, signal, () => held(api.GET("/v1/timeline/count", { params: { query: asked }, signal })));
    return Number(found["dated"]);
  });
}

/** When the hand has rested for a moment. @throws the reason of the signal. */
const rested = (signal: AbortSignal): Promise<void> => new Promise((then, leave) => {
  const timer = setTimeout(then, RESTS_MS);
  signal.addEventListener("abort", () => { clearTimeout(timer); leave(signal.reason as Error); }, { once: true });
});

interface Columns {
  ids: string[]; at_ns: string[]; lane: number[]; severity: string[]; type: string[]; actor: string[]; lanes: string[];
}

function arranged(span: Span, columns: Columns): Marks {
  const byLane = new Map<string, Mark[]>();
  const laneOf = new Map<string, string>();
  columns.ids.forEach((id, place) => {
    const lane = columns.lanes[columns.lane[place]!]!;
    const actor = columns.actor[place];
    const mark = { id, at: BigInt(columns.at_ns[place]!), severity: columns.severity[place] as Severity, label: `${columns.type[place]}${actor ? ` · ${actor}` : ""}` };
    laneOf.set(id, lane);
    const there = byLane.get(lane);
    if (there) there.push(mark);
    else byLane.set(lane, [mark]);
  });
  return { span, byLane, laneOf };
}

/** Something found that lasted from one instant to another. */
export interface Found {
  readonly title: string;
  readonly severity: Severity;
  readonly start: bigint;
  readonly end: bigint;
  readonly evidence: readonly string[];
}

/** What patterns and rules found, for the row above the lanes. */
export function createFound(turns: Turns): Loaded<readonly Found[]> {
  return load<boolean, readonly Found[]>(() => may("evidence.read") || undefined, async (_, signal) => {
    const answer = (await turns.take(TURN.beside, signal, () => held(api.GET("/v1/detections", { params: { query: { limit: 1000 } }, signal })))) as {
      detections: { title: string; severity: Severity; started_at: string; ended_at: string; evidence: string[] }[];
    };
    return answer.detections.flatMap((one): Found[] => {
      const start = parseInstant(one.started_at);
      const end = parseInstant(one.ended_at);
      return start === undefined || end === undefined ? [] : [{ title: one.title, severity: one.severity, start, end, evidence: one.evidence }];
    });
  });
}

/** Where something of a case lies on the timeline. */
export interface Pin {
  readonly id: string;
  readonly at: bigint;
}

/** The pins of a case, for the row above the lanes. */
export function createPins(of: Accessor<string | undefined>, turns: Turns): Loaded<readonly Pin[]> {
  return load<string, readonly Pin[]>(of, async (id, signal) => {
    const query = { limit: 5000, order: "asc" };
    const page = (await turns.take(TURN.beside, signal, () => held(api.GET("/v1/cases/{case}/timeline", { params: { path: { case: id }, query }, signal })))) as { events: EventShape[] };
    return page.events.flatMap((one) => {
      const at = one.occurred_at ? parseInstant(one.occurred_at) : undefined;
      return at === undefined ? [] : [{ id: one.id, at }];
    });
  });
}

/** An event that shares a key with the selected one: where an arrow leads, and why. */
export interface Link {
  readonly to: string;
  readonly strength: number;
  readonly reason: string;
}

const ARROWS = 25;

/** What is linked with the selected event, the most telling first. */
export function createLinks(of: Accessor<string | undefined>, turns: Turns): Loaded<readonly Link[]> {
  return load<string, readonly Link[]>(() => (may("evidence.read") ? of() : undefined), async (id, signal) => {
    const asked = { params: { path: { event_id: id }, query: { limit: ARROWS } }, signal };
    const found = (await turns.take(TURN.beside, signal, () => held(api.GET("/v1/events/{event_id}/correlated", asked)))) as { links: Link[] };
    return found.links;
  });
}
