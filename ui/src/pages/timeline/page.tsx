/**
 * The main screen: all the time there is above, what is in view on lanes below it, and its events beneath.
 *
 * The address holds everything a person set, so a link shows the same. The root is marked `data-ready` once the lanes
 * are drawn.
 */

import { createEffect, createMemo, createSignal, lazy, on, onCleanup, Show, Suspense, untrack, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { toText } from "~/base/instant";
import { narrowed, without } from "~/base/query";
import { padded, sameSpan, type Span } from "~/base/span";
import { readPalette } from "~/canvas/palette";
import { load } from "~/state/load";
import { tellError } from "~/state/notices";
import { shown } from "~/state/preferences";
import { may, who } from "~/state/session";
import { createTurns, TURN } from "~/state/turns";
import { offerEventKeys } from "~/widgets/event/keys";
import { Empty, Failed, Waiting } from "~/widgets/states";
import { askDensity, createCounts } from "./counts";
import { createCoverage } from "./coverage";
import { createFound, createLinks, createMarks, createPins, createSum } from "./events";
import { Facets } from "./facets";
import { createGestures } from "./gestures";
import { Lanes } from "./lanes";
import { LaneTable } from "./lane-table";
import { createList } from "./list";
import { Overview } from "./overview";
import { createNews } from "./news";
import { QueryBar } from "./query-bar";
import { isWrongQuery, Table } from "./table";
import { Toolbar } from "./toolbar";
import { UnreadParts, type Unread } from "./unread";
import { createView } from "./view";
import "./timeline.css";

const EventPanel = lazy(() => import("~/widgets/event/panel").then((found) => ({ default: found.EventPanel })));

export default function Timeline(): JSX.Element {
  // The frame of everything: the whole log's, whatever is asked, so that a link that asks shows the same time.
  const [extent, setExtent] = createSignal<Span | undefined>(undefined, { equals: sameSpan });
  const whole = createMemo(() => (extent() ? padded(extent()!.start, extent()!.end) : undefined), undefined, { equals: sameSpan });
  const view = createView(whole);
  const [pixels, setPixels] = createSignal(0);
  const palette = createMemo(() => (shown(), readPalette()));
  const turns = createTurns();
  const leaving = new AbortController();
  onCleanup(() => leaving.abort());
  const [asOf, setAsOf] = createSignal(0);
  const counts = createCounts(view.query, view.lane, view.span, pixels, palette, turns);
  createEffect(on(counts.frame, (all) => all && !view.query() && setExtent(all)));
  function findExtent(): void {
    if (!view.query() || extent()) return;
    turns.take(TURN.picture, leaving.signal, () => askDensity("", undefined, "", 1, leaving.signal)).then((all) => all.total > 0 && setExtent((old) => old ?? { start: all.start, end: all.end }), (error: unknown) => leaving.signal.aborted || tellError(error));
  }
  untrack(findExtent);
  const marks = createMarks(view.query, view.lane, view.span, counts.pictures, pixels, turns, asOf);
  const found = createFound(turns);
  const pins = createPins(view.caseId, turns);
  const links = createLinks(view.selected, turns);
  const coverage = createCoverage(view.lane, turns);
  const [brush, setBrush] = createSignal<Span>();
  const list = createList(createMemo(() => ({ query: view.query(), span: view.span(), undated: view.list() === "undated", asOf: asOf() }), undefined, {
    equals: (a, b) => a.query === b.query && a.undated === b.undated && a.asOf === b.asOf && sameSpan(a.span, b.span),
  }), view.selected, turns);
  const sums = load(view.query, (q, signal) => turns.take(TURN.sum, signal, () => held(api.GET("/v1/timeline/count", { params: { query: { q } }, signal }))));
  /** `undefined` where it is not known. */
  const undated = (): number | undefined => (sums.error() || !sums.value() ? undefined : Number(sums.value()!["undated"]));
  const inView = createSum(view.query, view.span, turns, asOf);
  const [asTable, setAsTable] = createSignal(false);
  const fit = (): void => { const all = counts.frame(); if (all) view.glide(padded(all.start, all.end)); };
  createGestures(view, whole, fit, list, brush, setBrush, () => setAsTable(!asTable()));

  // What comes later is told of where all there is is in view, and shown when somebody says so.
  const known = createMemo(() => {
    const [all, sum] = [counts.extent(), sums.now()];
    return !view.query() && !counts.stale() && sameSpan(view.span(), whole()) && all && sum ? all.total + Number(sum["undated"]) : undefined;
  });
  const [news, clearNews] = createNews(known, async (signal) => {
    const there = await turns.take(TURN.beside, signal, () => held(api.GET("/v1/timeline/count", { params: { query: { q: "" } }, signal })));
    return Number(there["dated"]) + Number(there["undated"]);
  });
  function showNews(): void {
    clearNews();
    setAsOf(asOf() + 1);
    counts.again();
    for (const one of [sums, found, coverage]) void one.again();
  }
  const unread = createMemo((): readonly Unread[] => {
    // Where the counts fail, or the query is none, that is said already.
    if (counts.failure()) return [];
    const parts = [["The detections", found], ["From when to when there is evidence of each source", coverage], ["How many events are in view", inView], ["How many events have no usable time", sums], ["The pins of the case", pins], ["What the chosen event is linked with", links]] as const;
    return parts.flatMap(([what, one]) => (one.error() === undefined || isWrongQuery(one.error()) ? [] : [{ what, error: one.error(), again: one.again }]));
  });

  offerEventKeys(view.selected);

  // Where each event is drawn at its own instant nothing is coarse, whatever counts are still to come.
  const isCoarse = (): boolean => {
    const [drawn, seen] = [marks(), view.span()];
    return counts.waiting() && !(drawn && seen && drawn.span.start <= seen.start && drawn.span.end >= seen.end);
  };
  const nothing = (): boolean => counts.extent()?.total === 0;
  const ready = createMemo(() => counts.pictures().length > 0 || nothing());
  createEffect(() => document.documentElement.toggleAttribute("data-ready", ready()));
  // All else is asked for once there is something to look at, or nothing will be.
  createEffect(() => (ready() || counts.failure() !== undefined) && requestAnimationFrame(turns.open));
  createEffect(() => document.documentElement.toggleAttribute("data-fine", ready() && !counts.waiting()));

  return (
    <div class="timeline" classList={{ "with-event": view.selected() !== undefined }}>
      <QueryBar view={view} failure={counts.failure()} />
      <Toolbar view={view} fit={nothing() ? undefined : fit} inView={inView.value()} news={news()} showNews={showNews} brush={brush()} clearBrush={() => setBrush()} coarse={isCoarse()} asTable={asTable()} toggleTable={() => setAsTable(!asTable())} />
      <UnreadParts of={unread()} />
      <Show when={counts.failure() && !isWrongQuery(counts.failure())}><Failed error={counts.failure()} retry={() => { counts.again(); findExtent(); list.retry(); }} /></Show>
      <Show when={!nothing()} fallback={
        <Show when={view.query()} fallback={<Show when={may("evidence.read")} fallback={<Empty title="There is nothing of yours yet">You see what agents did in the name of {who()?.email ?? "yours"}, and nothing else. An owner or admin can give you another role.</Empty>}>
          <Empty title="There is no evidence yet">Import a log with <code>vestige import FILE</code>, or drop it on the page of sources.</Empty>
        </Show>}>
          <Empty title="No dated event matches">
            <p><Show when={undated()} fallback={<>In all of the time there is, nothing {undated() === undefined ? "dated " : ""}matches <code>{view.query()}</code>. A bare word is looked for in messages as a whole word; <code>out*</code> finds what begins so.</>}>
              {undated()} events without a usable time do; they stand in the list below.
            </Show></p>
            <p><button class="button" onClick={() => view.ask("")}>Show every event</button></p>
          </Empty>
        </Show>
      }>
        <Show when={counts.extent()} fallback={<Show when={!counts.failure()}><Waiting what="the timeline" /></Show>}>
          <Show when={extent()}>{(frame) => <Overview whole={counts.whole()} frame={frame()} view={view} palette={palette()} />}</Show>
        </Show>
        <Lanes
          view={view} order={counts.order()} pictures={counts.pictures()} marks={marks()} found={found.value() ?? []} pins={pins.now() ?? []} links={links.now() ?? []}
          covered={coverage.now()} palette={palette()} onWidth={setPixels} onBrush={setBrush} brush={brush()} coarse={isCoarse()}
        />
      </Show>
      <Show when={asTable() && view.span()}>{(span) => <LaneTable pictures={counts.pictures()} span={span()} view={view} close={() => setAsTable(false)} />}</Show>
      <div class="below">
        <Facets view={view} query={view.query} turns={turns} asOf={asOf} />
        <Table nowhere={nothing()} list={list} view={view} total={inView.value()} undated={undated()} />
        <Show when={view.selected()} keyed>
          {(id) => (
            <aside class="event-side" aria-label="Event">
              <Suspense fallback={<Waiting what="the event" />}>
                <EventPanel id={id} close={() => view.select(undefined)} onTerm={(term, exclude) => view.ask((exclude ? without : narrowed)(view.query(), term))} />
              </Suspense>
            </aside>
          )}
        </Show>
      </div>
      <span class="visually-hidden" aria-live="polite">
        <Show when={inView.now() !== undefined ? view.span() : undefined}>{(span) => <>{inView.now()} events from {toText(span().start)} to {toText(span().end)}</>}</Show>
      </span>
    </div>
  );
}
