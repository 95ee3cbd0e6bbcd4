/** What is in view in words, and what can be done with it: zoom, lanes, columns, saved views, the case whose pins show. */

import { createSignal, For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { precisionOf, showInstant, showLength } from "~/base/instant";
import { width, zoom, type Span } from "~/base/span";
import { load } from "~/state/load";
import { zone } from "~/state/preferences";
import { may } from "~/state/session";
import { Dialog } from "~/widgets/dialog";
import { Icon } from "~/widgets/icon";
import { count } from "~/widgets/text";
import { FIELDS } from "./fields";
import { SavedViews } from "./saved-views";
import { COLUMNS, LANES, type View } from "./view";

export interface ToolbarProps {
  readonly view: View;
  /** Brings what matches into view; `undefined` where nothing does. */
  readonly fit: (() => void) | undefined;
  readonly inView: number | undefined;
  /** Events that came since, and what shows them. */
  readonly news: number;
  readonly showNews: () => void;
  readonly brush: Span | undefined;
  readonly clearBrush: () => void;
  readonly coarse: boolean;
  readonly asTable: boolean;
  readonly toggleTable: () => void;
}

function said(found: Span): string {
  const precision = precisionOf(width(found) / 500n);
  return `${showInstant(found.start, zone(), precision)} – ${showInstant(found.end, zone(), precision)}`;
}

export function Toolbar(props: ToolbarProps): JSX.Element {
  const [choosing, setChoosing] = createSignal<"columns" | "views">();
  const span = (): Span | undefined => props.view.span();
  const lanes = (): string[] => [...new Set([...LANES, props.view.lane()])].filter((one) => one !== "");
  return (
    <div class="toolbar">
      <Show when={span()}>{(found) => <span class="mono said" title={`${zone()}; ${showLength(width(found()))}`}>{said(found())}</span>}</Show>
      <Show when={props.inView !== undefined}><span class="quiet in-view">{count(props.inView!)} events</span></Show>
      <span class="coarse" role="status">{props.coarse ? "coarse; finer is coming" : ""}</span>
      <span role="status"><Show when={props.news > 0}><button class="button news" onClick={() => props.showNews()}>{count(props.news)} new {props.news === 1 ? "event" : "events"}: show</button></Show></span>
      <span class="spread" />
      <Show when={props.brush}>
        {(marked) => (
          <span class="marked">
            <span class="quiet">{showLength(width(marked()))} marked</span>
            <button class="button" onClick={() => { props.view.glide(marked()); props.clearBrush(); }}>Zoom in <kbd>F</kbd></button>
            <button class="button bare icon" aria-label="Clear the mark" onClick={props.clearBrush}><Icon name="close" size={12} /></button>
          </span>
        )}
      </Show>
      <button class="button bare icon" aria-label="Zoom out" title="Zoom out (S)" onClick={() => span() && props.view.glide(zoom(span()!, 0.5, 2))}>−</button>
      <button class="button bare icon" aria-label="Zoom in" title="Zoom in (W)" onClick={() => span() && props.view.glide(zoom(span()!, 0.5, 0.5))}>+</button>
      <button class="button bare" title="All of the time there is (0)" onClick={() => props.view.whole()}>All time</button>
      <Show when={props.view.query() ? props.fit : undefined}>{(fit) => <button class="button bare" title="From the first to the last that matches (M)" onClick={() => fit()()}>Fit</button>}</Show>
      <label class="lane-choice"><span class="quiet">Lanes by</span>
        <select class="field" value={props.view.lane()} onChange={(event) => props.view.by(event.currentTarget.value)}>
          <For each={lanes()}>{(name) => <option value={name}>{name}</option>}</For>
        </select>
      </label>
      <Show when={may("cases.read")}><PinsOf view={props.view} /></Show>
      <Show when={props.view.hidden().length > 0}><button class="button bare" onClick={() => props.view.keepLanes("hidden", [])}>{props.view.hidden().length} hidden</button></Show>
      <button class="button bare" aria-pressed={props.asTable} title="The lanes as a table (L)" onClick={props.toggleTable}>As table</button>
      <button class="button bare" onClick={() => setChoosing("columns")}>Columns</button>
      <button class="button bare" onClick={() => setChoosing("views")}>Views</button>
      <Show when={choosing() === "columns"}><Columns view={props.view} close={() => setChoosing()} /></Show>
      <Show when={choosing() === "views"}><SavedViews view={props.view} close={() => setChoosing()} /></Show>
    </div>
  );
}

/** The case whose pins stand over the lanes. */
function PinsOf(props: { view: View }): JSX.Element {
  const cases = load(() => true, async () => (await held(api.GET("/v1/cases", { params: { query: { limit: 200 } } }))) as unknown as { cases: { id: string; name: string }[] });
  const there = (): readonly { id: string; name: string }[] => (cases.value()?.cases ?? []);
  return (
    <Show when={there().length > 0}>
      <label class="lane-choice"><span class="quiet">Pins of</span>
        <select class="field" value={props.view.caseId() ?? ""} onChange={(event) => props.view.inCase(event.currentTarget.value || undefined)}>
          <option value="">no case</option>
          <For each={there()}>{(one) => <option value={one.id} selected={one.id === props.view.caseId()}>{one.name}</option>}</For>
        </select>
      </label>
    </Show>
  );
}

const CHOOSABLE = FIELDS.filter((one) => !one.includes(":") && one !== "time" && one !== "case");

function Columns(props: { view: View; close: () => void }): JSX.Element {
  const [own, setOwn] = createSignal("");
  const there = (): readonly string[] => props.view.columns();
  const offered = (): string[] => [...new Set([...there(), ...CHOOSABLE])];
  const toggle = (name: string): void => props.view.show(there().includes(name) ? there().filter((one) => one !== name) : [...there(), name]);
  return (
    <Dialog title="Columns of the list" close={props.close}>
      <ul class="choices">
        <For each={offered()}>{(name) => <li><label class="row"><input type="checkbox" checked={there().includes(name)} onChange={() => toggle(name)} />{name}</label></li>}</For>
      </ul>
      <form class="row" onSubmit={(event) => { event.preventDefault(); if (own().trim() && !there().includes(own().trim())) toggle(own().trim()); setOwn(""); }}>
        <input class="field spread" aria-label="Another field" placeholder="attributes.path.to.field" value={own()} onInput={(event) => setOwn(event.currentTarget.value)} />
        <button class="button">Add</button>
        <button class="button bare" type="button" onClick={() => props.view.show(COLUMNS)}>As at first</button>
      </form>
    </Dialog>
  );
}
