/** What an event's panel shows: what it says, its bytes, its proof, what was done to it, what happened around it. */

import { A, useSearchParams } from "@solidjs/router";
import { createSignal, For, Match, Show, Switch, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { MINUTE, parseInstant } from "~/base/instant";
import { timelinePath } from "~/base/paths";
import { clampSpan } from "~/base/span";
import { load } from "~/state/load";
import { Answer } from "~/widgets/answer";
import { Commit } from "~/widgets/commit";
import { Icon } from "~/widgets/icon";
import { copy, Severity, Time } from "~/widgets/text";
import { Acts } from "./acts";
import { Around } from "./around";
import { BytesTab } from "./bytes_tab";
import { asWritten, citation } from "./fields";
import { Marks } from "./marks";
import { Normalised } from "./normalised";
import { Original } from "./original";
import type { EventPanelProps } from "./panel";
import { Pivots } from "./pivot";
import { ProofTab } from "./proof_tab";
import { readBytes, type Held } from "./reading";
import type { Detail } from "./shape";
import { Should } from "./should";
import "./panel.css";

const TABS = [["fields", "Normalised"], ["original", "Original"], ["bytes", "Exact bytes"], ["proof", "Proof"]] as const;
type Tab = (typeof TABS)[number][0];

/** An event may name hundreds of commits: the first of them lead to code, all stand among its keys. */
const MOST_COMMITS = 5;
const commitsOf = (event: Detail): string[] => (event.keys ?? []).filter((key) => key.kind === "commit").map((key) => key.value).slice(0, MOST_COMMITS);

/** Ten minutes of the timeline about an event, with the event chosen. */
function onTimeline(id: string, at: string): string {
  const when = parseInstant(at);
  return timelinePath("", when === undefined ? undefined : clampSpan(when - 5n * MINUTE, when + 5n * MINUTE), id);
}

export default function Body(props: EventPanelProps): JSX.Element {
  const [search, setSearch] = useSearchParams<{ etab?: string }>();
  const event = load(() => props.id, async (id) => (await held(api.GET("/v1/events/{event_id}", { params: { path: { event_id: id } } }))) as unknown as Detail);
  const tab = (): Tab => TABS.find(([name]) => name === search.etab)?.[0] ?? "fields";
  const choose = (name: Tab): void => setSearch({ etab: name === "fields" ? undefined : name }, { replace: true, scroll: false });
  // The bytes of one event are read once, for the bytes' tab and for the proof: each reading is an act of its own.
  const [bytes, setBytes] = createSignal<{ id: string; held: Promise<Held> }>();
  // Of the event that is shown, which is not the one that is asked for while that is on its way.
  function read(id: string): Promise<Held> {
    const there = bytes();
    if (there?.id === id) return there.held;
    const made = readBytes(id);
    setBytes({ id, held: made });
    made.catch(() => setBytes((now) => (now?.held === made ? undefined : now)));
    return made;
  }
  function keys(pressed: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[pressed.key];
    if (!step) return;
    pressed.preventDefault();
    const at = (TABS.findIndex(([name]) => name === tab()) + step + TABS.length) % TABS.length;
    choose(TABS[at]![0]);
    (pressed.currentTarget as HTMLElement).querySelectorAll<HTMLButtonElement>("[role=tab]")[at]!.focus();
  }
  return (
    <section class="event" aria-label="Event" aria-busy={event.busy()} data-panel={props.id}>
      {/* What is shown stays while the next event is read: nothing spins over evidence. */}
      <Answer of={event} what="the event">
        {(found) => (
          <Pivots onTerm={props.onTerm} id={found().id} citation={() => citation(found())}>
            <header class="event-head">
              <div class="row">
                <Severity of={found().severity} />
                <strong class="mono">{found().event_type}</strong>
                <Show when={found().outcome}><span class={found().outcome === "failure" ? "bad" : "quiet"}>{found().outcome}</span></Show>
                <span class="spread" />
                <Show when={!props.close && found().occurred_at}>{(at) => <A class="button bare icon" title="On the timeline" aria-label="On the timeline" href={onTimeline(found().id, at())}><Icon name="timeline" /></A>}</Show>
                <button class="button bare icon" title="Copy a citation of this event" aria-label="Copy a citation of this event" onClick={() => void copy(citation(found()))}><Icon name="copy" /></button>
                <A class="button bare icon" title="This event as a page" aria-label="This event as a page" href={`/events/${encodeURIComponent(found().id)}`}><Icon name="link" /></A>
                <Show when={props.close}><button class="button bare icon" title="Close" aria-label="Close the event" onClick={() => props.close!()}><Icon name="close" /></button></Show>
              </div>
              <div class="row">
                <Show when={found().occurred_at} fallback={<span class="warn">no usable time</span>}>{(at) => <Time at={at()} precision={asWritten(at())} />}</Show>
                <span class="spread" />
                {/* A dialog is of one record: where another comes into view, by "back" say, it goes. */}
                <Show when={found().id} keyed><Acts event={found()} changed={() => void event.again()} /></Show>
              </div>
              <Show when={found().message}><p class="event-message mono">{found().message}</p></Show>
              <Should event={found()} name="message" />
              <For each={commitsOf(found())}>{(commit) => <p class="row"><span class="quiet">Commit</span> <Commit of={commit} /></p>}</For>
              <Show when={found().id} keyed><Marks event={found()} changed={() => void event.again()} /></Show>
            </header>
            <div class="event-tabs" role="tablist" aria-label="Ways to see the event" onKeyDown={keys}>
              <For each={TABS}>
                {([name, title]) => (
                  <button id={`event-tab-${name}`} role="tab" aria-selected={tab() === name} aria-controls="event-tab-panel" tabindex={tab() === name ? 0 : -1} onClick={() => choose(name)}>{title}</button>
                )}
              </For>
            </div>
            <div id="event-tab-panel" role="tabpanel" aria-labelledby={`event-tab-${tab()}`} tabindex="0">
              <Switch>
                <Match when={tab() === "fields"}><Normalised event={found()} /></Match>
                <Match when={tab() === "original"}><Original event={found()} /></Match>
                <Match when={tab() === "bytes"}><BytesTab event={found()} read={read} wasRead={bytes()?.id === found().id} /></Match>
                <Match when={tab() === "proof"}><ProofTab event={found()} read={read} wasRead={bytes()?.id === found().id} /></Match>
              </Switch>
            </div>
            <Around event={found()} />
          </Pivots>
        )}
      </Answer>
    </section>
  );
}
