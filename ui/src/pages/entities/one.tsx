/** One entity: what is known of it, its events, whom it met. Every statement leads to the events that show it. */

import { A, useParams, useSearchParams } from "@solidjs/router";
import { createSignal, lazy, Match, Show, Suspense, Switch, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { parseInstant, toText, type Instant } from "~/base/instant";
import { decoded, entityPath, eventPath, timelinePath } from "~/base/paths";
import type { Span } from "~/base/span";
import { load } from "~/state/load";
import { Answer } from "~/widgets/answer";
import { Waiting } from "~/widgets/states";
import { DensityStrip } from "~/widgets/strip";
import { tabOf, Tabs, type Tab } from "~/widgets/tabs";
import { copy, count, Time } from "~/widgets/text";
import { Icon } from "~/widgets/icon";
import { EntityEvents } from "./events";
import { Known } from "./known";
import type { Entity } from "./kinds";
import "./entities.css";

const Graph = lazy(() => import("./graph"));
const TABS: readonly Tab[] = [{ id: "known", name: "What is known" }, { id: "events", name: "Events" }, { id: "graph", name: "Whom it met" }];

export default function EntityPage(): JSX.Element {
  const params = useParams<{ id: string }>();
  const [asked, ask] = useSearchParams<{ from: string; tab: string }>();
  const tab = tabOf(() => TABS);
  const entity = load(() => decoded(params.id), (entity_id) => held(api.GET("/v1/entities/{entity_id}", { params: { path: { entity_id } } })));
  const from = (): Instant | undefined => (asked.from ? parseInstant(asked.from) : undefined);
  const [span, setSpan] = createSignal<Span>();
  return (
    <div class="page entity-page">
      <Show when={!entity.now()}><h1>{decoded(params.id)}</h1></Show>
      <Answer of={entity} what="what is known of it" isFresh>
        {(found) => (
          <>
            <header>
              <div class="entity-head">
                <span class="chip">{found().kind}</span>
                <h1>{found().value}</h1>
                <button class="button bare icon" aria-label="Copy the value" onClick={() => void copy(found().value)}><Icon name="copy" /></button>
              </div>
              <span class="spread" />
              <A class="button" href={timelinePath(found().query)}><Icon name="timeline" />On the timeline</A>
            </header>
            <Summary of={found()} />
            <DensityStrip
              query={found().query} label={`Events of ${found().value}: choose from when they are listed`} cursor={from()}
              came={(density) => setSpan({ start: density.start, end: density.end })}
              pick={(at) => ask({ from: toText(at), tab: "events" })}
            />
            <Tabs path={entityPath(decoded(params.id))} tabs={TABS} label="Parts of this page" />
            <Switch>
              <Match when={tab() === "events"}><EntityEvents entity={found()} from={from()} clear={() => ask({ from: undefined })} span={span()} /></Match>
              <Match when={tab() === "graph"}><Suspense fallback={<Waiting what="the graph" />}><Graph entity={found()} /></Suspense></Match>
              <Match when={true}><Known of={found()} /></Match>
            </Switch>
          </>
        )}
      </Answer>
    </div>
  );
}

function Summary(props: { of: Entity }): JSX.Element {
  const seen = (name: string, one: string): JSX.Element => {
    const part = props.of.prevalence[name];
    return part ? <>{count(part.met)} of {count(part.of)} {one}</> : null;
  };
  return (
    <dl class="facts">
      <dt>Events</dt>
      <dd>{count(props.of.events)}{props.of.undated ? `, ${count(props.of.undated)} of them undated` : ""}<Show when={props.of.evidence.undated}>{(id) => <> <A href={eventPath(id())}>the first undated</A></>}</Show></dd>
      <dt>First seen</dt><dd><Ends at={props.of.first_seen} event={props.of.evidence.first} /></dd>
      <dt>Last seen</dt><dd><Ends at={props.of.last_seen} event={props.of.evidence.last} /></dd>
      <dt>How widespread</dt><dd>{seen("days", "days")}, with {seen("identity", "identities")}, with {seen("host", "hosts")}</dd>
    </dl>
  );
}

function Ends(props: { at: string | null; event: string | undefined }): JSX.Element {
  return (
    <Show when={props.at} fallback={<span class="quiet">no event of it has a time</span>}>
      {(at) => <><Time at={at()} /> <Show when={props.event}>{(id) => <A href={eventPath(id())}>evidence</A>}</Show></>}
    </Show>
  );
}
