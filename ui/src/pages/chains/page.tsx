/** What belongs with an event: the chain over shared keys, drawn, told in order, and as a table. */

import { A, useParams, useSearchParams } from "@solidjs/router";
import { createMemo, For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { eventPath } from "~/base/paths";
import { offer } from "~/state/commands";
import { load } from "~/state/load";
import { Answer } from "~/widgets/answer";
import { count, Time } from "~/widgets/text";
import { Chosen, Story } from "./beside";
import { Drawing } from "./drawing";
import { drawn, eventsOf, type Chain, type LaneBy } from "./marks";
import type { ScaleKind } from "./place";
import { EventsTable, LeftOut } from "./twin";
import "./chains.css";

const WINDOWS: readonly (readonly [string, string])[] = [
  ["900", "15 minutes"], ["3600", "1 hour"], ["21600", "6 hours"], ["43200", "12 hours"], ["86400", "1 day"], ["259200", "3 days"], ["604800", "7 days"], ["2592000", "30 days"],
];
const WEAKEST: readonly (readonly [string, string])[] = [["0.01", "0.01: nearly all"], ["0.05", "0.05"], ["0.1", "0.1"], ["0.2", "0.2: the closest"]];

interface Asked {
  [name: string]: string;
  window: string; depth: string; weakest: string; lanes: string; fold: string; scale: string; at: string;
}

export default function ChainPage(): JSX.Element {
  const params = useParams<{ id: string }>();
  const [asked, ask] = useSearchParams<Asked>();
  const by = (): LaneBy => (asked.lanes === "actor" ? "actor" : "source");
  const scale = (): ScaleKind => (asked.scale === "true" ? "true" : "story");
  const isFolded = (): boolean => asked.fold !== "no";
  const wanted = createMemo(() => ({
    seed_event_id: params.id, window: Number(asked.window ?? 43_200), depth: Number(asked.depth ?? 3), weakest: Number(asked.weakest ?? 0.05),
  }), undefined, { equals: (a, b) => JSON.stringify(a) === JSON.stringify(b) });
  const chain = load(wanted, (query) => held(api.GET("/v1/correlate/chain", { params: { query } })) as Promise<Chain>);
  const set = (name: keyof Asked, value: string, usual: string): void => ask({ [name]: value === usual ? undefined : value }, { replace: true });
  const choose = (id: string): void => ask({ at: id && id !== asked.at ? id : undefined }, { replace: true });
  offer(
    { id: "chain.lanes", title: "Lanes by source or by actor", group: "Chain", keys: ["l"], run: () => set("lanes", by() === "source" ? "actor" : "source", "source") },
    { id: "chain.fold", title: "Fold events that are alike, or show each", group: "Chain", keys: ["o"], run: () => set("fold", isFolded() ? "no" : "", "") },
    { id: "chain.close", title: "Back to the story", group: "Chain", keys: ["Escape"], run: () => choose("") },
  );
  return (
    <div class="page chain-page">
      <header>
        <h1>Chain</h1>
        <Show when={chain.value()}>{(found) => <Said chain={found()} />}</Show>
      </header>
      <div class="row chain-controls">
        <Choice label="Window on either side" value={asked.window ?? "43200"} options={WINDOWS} choose={(value) => set("window", value, "43200")} />
        <Choice label="Links from the seed" value={asked.depth ?? "3"} options={["1", "2", "3", "4", "5"].map((n) => [n, n] as const)} choose={(value) => set("depth", value, "3")} />
        <Choice label="Weakest link" value={asked.weakest ?? "0.05"} options={WEAKEST} choose={(value) => set("weakest", value, "0.05")} />
        <Choice label="Lanes" value={by()} options={[["source", "by source"], ["actor", "by actor"]]} choose={(value) => set("lanes", value, "source")} />
        <Choice label="Time" value={scale()} options={[["story", "room for what happened"], ["true", "true to scale"]]} choose={(value) => set("scale", value, "story")} />
        <label class="row"><input type="checkbox" checked={isFolded()} onChange={(event) => set("fold", event.currentTarget.checked ? "" : "no", "")} /> Fold what is alike</label>
        <Show when={chain.busy() && chain.value()}><span class="quiet" role="status">Following …</span></Show>
      </div>
      <Answer of={chain} what="the chain">{(found) => <Shown chain={found()} by={by()} scale={scale()} fold={isFolded()} chosen={asked.at ?? ""} choose={choose} />}</Answer>
    </div>
  );
}

function Said(props: { chain: Chain }): JSX.Element {
  const seed = (): ReturnType<typeof eventsOf>[number] | undefined => eventsOf(props.chain).find((event) => event.id === props.chain.seed);
  return (
    <p>
      <span class="quiet">from</span> <A href={eventPath(props.chain.seed)} class="mono">{seed()?.event_type ?? props.chain.seed}</A>{" "}
      <Time at={seed()?.occurred_at} precision="second" />{" "}
      <span class="quiet">{count(props.chain.events.length)} {props.chain.events.length === 1 ? "event" : "events"}, {count(props.chain.acts)} acts{props.chain.start ? <>, from <Time at={props.chain.start} precision="minute" /> to <Time at={props.chain.end} precision="minute" /></> : null}</span>
    </p>
  );
}

function Shown(props: { chain: Chain; by: LaneBy; scale: ScaleKind; fold: boolean; chosen: string; choose: (id: string) => void }): JSX.Element {
  const of = createMemo(() => drawn(props.chain, props.by, props.fold));
  const mark = (): ReturnType<typeof of>["marks"][number] | undefined => of().markOf.get(props.chosen);
  const curve = (): ReturnType<typeof of>["curves"][number] | undefined => of().curves.find((one) => one.id === props.chosen);
  return (
    <>
      <Show when={props.chain.index_lag}><p class="warn">The index lags {count(props.chain.index_lag!)} entries behind: what was taken in last may be missing.</p></Show>
      <Show
        when={props.chain.events.length > 1}
        fallback={<p class="quiet">{props.chain.start ? "Nothing within the window shares a key with this event strongly enough. A wider window or a weaker link takes more in." : "This event has no time, so it has no window: its chain is itself."}</p>}
      >
        <div class="chain-parts">
          <div class="panel chain-picture"><Drawing of={of()} by={props.by} scale={props.scale} chosen={props.chosen} choose={props.choose} /></div>
          <Show when={mark() || curve()} fallback={<Story of={of()} choose={props.choose} />}>
            <Chosen of={of()} mark={mark()} curve={curve()} choose={props.choose} />
          </Show>
        </div>
      </Show>
      <h2>Every event</h2>
      <EventsTable chain={props.chain} />
      <h2>What was not followed</h2>
      <LeftOut chain={props.chain} />
    </>
  );
}

function Choice(props: { label: string; value: string; options: readonly (readonly [string, string])[]; choose: (value: string) => void }): JSX.Element {
  return (
    <label class="choice">
      <span class="label">{props.label}</span>
      <select class="field" value={props.value} onChange={(event) => props.choose(event.currentTarget.value)}>
        <For each={props.options}>{([value, words]) => <option value={value} selected={value === props.value}>{words}</option>}</For>
      </select>
    </label>
  );
}
