/**
 * The main screen: all the time there is above, what is in view on lanes below it, and its events beneath.
 *
 * The address holds everything a person set, so a link shows the same. The root is marked `data-ready` once the lanes
 * are drawn.
 */

import { createEffect, createMemo, createSignal, lazy, on, Show, Suspense, untrack, type JSX } from "solid-js";
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
import { QueryBar } from "./query-bar";
import { isWrongQuery, Table } from "./table";
import { Toolbar } from "./toolbar";
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
  const counts = createCounts(view.query, view.lane, view.span, pixels, palette, turns);
  createEffect(on(counts.whole, (all) => all && all.total > 0 && !view.query() && setExtent({ start: all.start, end: all.end })));
  function findExtent(): void {
    if (!view.query() || extent()) return;
    askDensity("", undefined, "", 1).then((all) => all.total > 0 && setExtent((old) => old ?? { start: all.start, end: all.end }), tellError);
  }
  untrack(findExtent);
  const marks = createMarks(view.query, view.lane, view.span, counts.pictures, pixels, turns);
  const found = may("evidence.read") ? createFound(turns) : () => undefined;
  const pins = createPins(view.caseId);
  const links = createLinks(view.selected);
  const coverage = createCoverage(view.lane, turns);
  const [brush, setBrush] = createSignal<Span>();
  const list = createList(createMemo(() => ({ query: view.query(), span: view.span(), undated: view.list() === "undated" }), undefined, {
    equals: (a, b) => a.query === b.query && a.undated === b.undated && sameSpan(a.span, b.span),
  }), turns);
  const sums = load(view.query, (q, signal) => turns.take(TURN.sum, signal, () => held(api.GET("/v1/timeline/count", { params: { query: { q } }, signal }))));
  const undated = (): number => (sums.error() ? 0 : Number(sums.value()?.["undated"] ?? 0));
  const inView = createSum(view.query, view.span, turns);
  const [asTable, setAsTable] = createSignal(false);
  createGestures(view, whole, list, brush, setBrush, () => setAsTable(!asTable()));

  const nothing = (): boolean => counts.whole()?.total === 0;
  const ready = createMemo(() => counts.pictures().length > 0 || nothing());
  createEffect(() => document.documentElement.toggleAttribute("data-ready", ready()));
  // All else is asked for once there is something to look at, or nothing will be.
  createEffect(() => (ready() || counts.failure() !== undefined) && requestAnimationFrame(turns.open));
  createEffect(() => document.documentElement.toggleAttribute("data-fine", ready() && !counts.waiting()));

  return (
    <div class="timeline" classList={{ "with-event": view.selected() !== undefined }}>
      <QueryBar view={view} failure={counts.failure()} />
      <Toolbar view={view} inView={inView()} brush={brush()} clearBrush={() => setBrush()} coarse={counts.waiting()} asTable={asTable()} toggleTable={() => setAsTable(!asTable())} />
      <Show when={counts.failure() && !isWrongQuery(counts.failure())}><Failed error={counts.failure()} retry={() => { counts.again(); findExtent(); list.retry(); }} /></Show>
      <Show when={!nothing()} fallback={
        <Show when={view.query()} fallback={<Show when={may("evidence.read")} fallback={<Empty title="There is nothing of yours yet">You see what agents did in the name of {who()?.email ?? "yours"}, and nothing else. An owner or admin can give you another role.</Empty>}>
          <Empty title="There is no evidence yet">Import a log with <code>vestige import FILE</code>, or drop it on the page of sources.</Empty>
        </Show>}>
          <Empty title="No dated event matches">
            <Show when={undated() > 0} fallback={<>Take a term out of the query, or look at <code>*:*</code>.</>}>
              {undated()} events without a usable time do; they stand in the list below.
            </Show>
          </Empty>
        </Show>
      }>
        <Show when={counts.whole()} fallback={<Show when={!counts.failure()}><Waiting what="the timeline" /></Show>}>
          {(all) => <Show when={extent()}>{(frame) => <Overview whole={all()} frame={frame()} view={view} palette={palette()} />}</Show>}
        </Show>
        <Lanes
          view={view} order={counts.order()} pictures={counts.pictures()} marks={marks()} found={found() ?? []} pins={pins()} links={links()}
          covered={coverage()} palette={palette()} onWidth={setPixels} onBrush={setBrush} brush={brush()} coarse={counts.waiting()}
        />
      </Show>
      <Show when={asTable() && view.span()}>{(span) => <LaneTable pictures={counts.pictures()} span={span()} view={view} close={() => setAsTable(false)} />}</Show>
      <div class="below">
        <Facets view={view} query={view.query} turns={turns} />
        <Table list={list} view={view} total={inView()} undated={undated()} />
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
        <Show when={view.span()}>{(span) => <>{inView() ?? 0} events from {toText(span().start)} to {toText(span().end)}</>}</Show>
      </span>
    </div>
  );
}
