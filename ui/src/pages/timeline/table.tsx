/** The list of events: only what is in sight is drawn, pages come as one scrolls, silence between two events is said. */

import { useNavigate } from "@solidjs/router";
import { createVirtualizer } from "@tanstack/solid-virtual";
import { createComputed, createEffect, createMemo, createSignal, For, on, onCleanup, onMount, Show, untrack, type JSX } from "solid-js";
import { Problem } from "~/api/problem";
import type { EventShape } from "~/api/shapes";
import { parseInstant, showInstant, showLength, type Instant } from "~/base/instant";
import { eventPath } from "~/base/paths";
import { width, type Span } from "~/base/span";
import { zone } from "~/state/preferences";
import { Failed, Waiting } from "~/widgets/states";
import { valueOf } from "./fields";
import { Folded, FOLDS, type Fold } from "./folded";
import type { List, Unlisted as Why } from "./list";
import { fitting, type Fitted } from "./columns";
import { ListHead } from "./list-head";
import type { View } from "./view";

const ROW = 26;
const NEAR = 40;
/** Letters of a time that are its year, which the line above the lanes says where there is no room for it here. */
const YEAR = "2026-".length;

/** A row of the list: an event, or the silence before one. */
type Line = { readonly event: EventShape; readonly at: Instant | undefined } | { readonly gap: bigint };

/** Events with a line where nothing happened for long: for the twentieth part of what is in view, a second at least. */
export function withGaps(events: readonly EventShape[], span: Span | undefined): Line[] {
  const least = span ? width(span) / 20n : undefined;
  const lines: Line[] = [];
  let last: Instant | undefined;
  for (const event of events) {
    const at = event.occurred_at ? parseInstant(event.occurred_at) : undefined;
    if (least !== undefined && last !== undefined && at !== undefined && at - last >= least && at - last >= 1_000_000_000n) lines.push({ gap: at - last });
    lines.push({ event, at });
    last = at ?? last;
  }
  return lines;
}

const placeOf = (all: readonly Line[], id: string | undefined): number => (id === undefined ? -1 : all.findIndex((line) => "event" in line && line.event.id === id));

/** Whether a query is at fault; its own bar says where. */
export const isWrongQuery = (failure: unknown): boolean => failure instanceof Problem && failure.column !== undefined;

/** @param props.nowhere nothing matches at any time: another stretch of it would not help. */
export function Table(props: { nowhere: boolean; list: List; view: View; total: number | undefined; undated: number | undefined }): JSX.Element {
  // Comes anew after a failure, or when events were listed folded; what measures it must learn of that once it is in the page.
  const [scroller, setScroller] = createSignal<HTMLDivElement>();
  const [focused, setFocused] = createSignal(0);
  const lines = createMemo(() => withGaps(props.list.events(), props.view.list() === "undated" ? undefined : props.view.span()));
  const folded = (): boolean => props.view.list() in FOLDS;
  const rows = createVirtualizer({
    get count() {
      return lines().length;
    },
    getScrollElement: () => scroller() ?? null,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const [wide, setWide] = createSignal(0);
  const fitted = createMemo(() => fitting(props.view.columns(), wide()));
  const grid = (): JSX.CSSProperties => ({ "grid-template-columns": fitted().grid, "min-width": `${fitted().least}px` });
  const seen = new ResizeObserver(([one]) => one && setWide(one.contentRect.width));
  onCleanup(() => seen.disconnect());
  createEffect(() => {
    const element = scroller();
    seen.disconnect();
    if (element) seen.observe(element);
  });

  createEffect(() => {
    const items = rows.getVirtualItems();
    const last = items.at(-1);
    if (!last) return;
    if (last.index > lines().length - NEAR) void props.list.more(true);
    if (items[0]!.index < NEAR) void props.list.more(false);
  });
  /** Where the list stood before its rows became others: what is drawn then may be too short for it. */
  let stood = 0;
  createComputed(on(lines, () => (stood = untrack(scroller)?.scrollTop ?? 0)));
  // Where the list is opened decides what is in sight; afterwards what comes above must not push away what is being read.
  createEffect(on([lines, props.list.opened, scroller], ([now, opened, element], before) => {
    if (!element) return;
    if (before && before[1] === opened && before[2] === element) {
      const was = before[0].slice(Math.floor(stood / ROW)).find((line) => "event" in line) as { event: EventShape } | undefined;
      const place = placeOf(now, was?.event.id);
      if (place >= 0) element.scrollTop = stood + (place - placeOf(before[0], was!.event.id)) * ROW;
      return;
    }
    const first = props.list.events()[opened.place];
    const place = placeOf(now, first?.id);
    if (opened.place > 0 && place >= 0) rows.scrollToIndex(place, { align: "center" });
    else element.scrollTop = 0;
  }));
  // An event that is chosen, and is in the list, comes into sight.
  createEffect(on([() => props.view.selected(), lines], ([id, all], before) => {
    const place = placeOf(all, id);
    if (place < 0) return;
    setFocused(place);
    if (before?.[0] !== id) rows.scrollToIndex(place, { align: "auto" });
  }));

  const go = useNavigate();
  function step(by: number): void {
    let place = focused() + by;
    while (lines()[place] && "gap" in lines()[place]!) place += by;
    const line = lines()[place];
    if (line && "event" in line) props.view.select(line.event.id);
  }
  function key(event: KeyboardEvent): void {
    const chosen = props.view.selected();
    if (event.key === "Enter" && chosen !== undefined && event.target === event.currentTarget && !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      go(eventPath(chosen));
    }
    const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 20, PageUp: -20 }[event.key];
    if (!by || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    step(by);
  }
  return (
    <section class="list" aria-label="Events">
      <ListHead view={props.view} total={props.total} undated={props.undated} lag={props.list.lag()} />
      <Show when={folded()}><Folded view={props.view} fold={props.view.list() as Fold} /></Show>
      <Show when={!folded()}><Show when={props.list.unlisted()}>{(why) => <Unlisted why={why()} view={props.view} />}</Show><Show when={!props.list.failure()} fallback={
        <Show when={isWrongQuery(props.list.failure())} fallback={<Failed error={props.list.failure()} retry={props.list.retry} />}>
          <p class="nothing quiet">Nothing is listed: the query above is not understood.</p>
        </Show>
      }>
        <div
          ref={(element) => onMount(() => setScroller(element))} class="list-scroll" role="table" aria-label="Events in view, oldest first" aria-rowcount={lines().length} tabindex="0" onKeyDown={key}
          data-events={props.list.events().length}
        >
          <div role="rowgroup" class="list-columns">
            <div role="row" style={grid()}>
              <span role="columnheader">{props.view.zero() === undefined ? `Time (${zone()})` : "Relative time"}</span>
              <For each={fitted().columns}>{(name) => <span role="columnheader" classList={{ dot: name === "severity" && fitted().isNarrow }}>{name}<Show when={name === fitted().columns.at(-1) && fitted().unfit.length > 0}><span class="unfit" title={`No room for ${fitted().unfit.join(", ")}`}> · no room for {fitted().unfit.join(", ")}</span></Show></span>}</For>
            </div>
          </div>
          <Show when={lines().length > 0} fallback={
            <Show when={!props.list.waiting()} fallback={<div role="rowgroup"><div role="row"><div role="cell"><Waiting what="events" /></div></div></div>}>
              <p class="nothing quiet"><Show when={!props.nowhere} fallback="Nothing is listed.">Nothing matches in this stretch of time. Press <kbd>0</kbd> for all of the time there is, or take a term out of the query.</Show></p>
            </Show>
          }>
            <div role="rowgroup" class="list-rows" style={{ height: `${rows.getTotalSize()}px`, "min-width": `${fitted().least}px` }}>
              <For each={rows.getVirtualItems()}>
                {(item) => {
                  const line = (): Line | undefined => lines()[item.index];
                  return (
                    <Show when={line()}>
                      {(there) => (
                        <Show when={"event" in there() ? (there() as { event: EventShape; at: Instant | undefined }) : undefined} fallback={
                          <div role="row" class="gap" style={{ top: `${item.start}px` }}><span role="cell">{showLength((there() as { gap: bigint }).gap)} of nothing that matches</span></div>
                        }>
                          {(row) => <Row row={row()} view={props.view} top={item.start} index={item.index} fitted={fitted()} />}
                        </Show>
                      )}
                    </Show>
                  );
                }}
              </For>
            </div>
          </Show>
        </div>
      </Show></Show>
    </section>
  );
}

/** Says why the chosen event is not in the list, and leads to where it is. */
function Unlisted(props: { why: Why; view: View }): JSX.Element {
  const ways = {
    query: ["the query leaves it out; the list shows what is around it", "Ask for every event", { q: undefined as never }],
    outside: ["it lies outside of the time in view", "Show all of the time there is", { from: undefined as never, to: undefined as never }],
    undated: ["it has no usable time", "Show undated events", { list: "undated" }],
    dated: ["it has a usable time", "Show dated events", { list: undefined as never }],
    unknown: ["there is none of its id that you may see", "Choose none", { event: undefined as never }],
  } as const;
  return <p class="unlisted quiet" role="status">The chosen event is not listed: {ways[props.why][0]}. <button class="button bare" onClick={() => props.view.open(ways[props.why][2])}>{ways[props.why][1]}</button></p>;
}

function Row(props: { row: { event: EventShape; at: Instant | undefined }; view: View; top: number; index: number; fitted: Fitted }): JSX.Element {
  const event = (): EventShape => props.row.event;
  const chosen = (): boolean => props.view.selected() === event().id;
  const time = (): string => {
    const { at } = props.row;
    if (at === undefined) return event().time_text ?? "no time";
    const zero = props.view.zero();
    if (zero === undefined) return showInstant(at, zone(), "milli").slice(props.fitted.isShort ? YEAR : 0);
    return `${at >= zero ? "+" : "−"}${showLength(at >= zero ? at - zero : zero - at)}`;
  };
  const doubtful = (): boolean => event().time_quality !== undefined && event().time_quality !== "exact";
  return (
    <div
      role="row" aria-rowindex={props.index + 1} aria-selected={chosen()} class="event-row" classList={{ chosen: chosen() }} data-event={event().id}
      style={{ top: `${props.top}px`, "grid-template-columns": props.fitted.grid }} onClick={() => props.view.select(event().id)}
    >
      <span role="cell" class="mono time" classList={{ doubtful: doubtful() }} title={doubtful() ? `${event().occurred_at}: ${event().time_quality}` : event().occurred_at}>{time()}</span>
      <For each={props.fitted.columns}>
        {(name) => (
          <span role="cell" classList={{ mono: name !== "severity" && name !== "message" }} title={valueOf(event(), name)}>
            {name === "severity" ? <span class={`sev ${event().severity}`} classList={{ dot: props.fitted.isNarrow }}>{event().severity}</span> : valueOf(event(), name)}
          </span>
        )}
      </For>
    </div>
  );
}
