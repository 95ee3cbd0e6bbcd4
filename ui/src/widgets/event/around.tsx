/** What happened around an event, whatever filter led to it, and what belongs with it by what they share. */

import { A, useSearchParams } from "@solidjs/router";
import { createSignal, For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { EventShape } from "~/api/shapes";
import { parseInstant, showLength } from "~/base/instant";
import { term } from "~/base/query";
import { load } from "~/state/load";
import { may } from "~/state/session";
import { Failed } from "~/widgets/states";
import { count, Time } from "~/widgets/text";
import { Pivot } from "./pivot";
import type { Detail } from "./shape";

const REACHES = [[1, "1 s"], [10, "10 s"], [60, "1 min"], [300, "5 min"], [1800, "30 min"]] as const;
const MOST = 100;
const WINDOW = 12 * 3600;

export function Around(props: { event: Detail }): JSX.Element {
  const [search, setSearch] = useSearchParams<{ ereach?: string; ehost?: string }>();
  const reach = (): number => REACHES.find(([seconds]) => String(seconds) === search.ereach)?.[0] ?? 60;
  const host = (): string | undefined => props.event.device?.hostname;
  const isHost = (): boolean => search.ehost === "1" && host() !== undefined;
  const asked = (): { id: string; seconds: number; q: string } => ({ id: props.event.id, seconds: reach(), q: isHost() ? term("host", host()!) : "" });
  const found = load(
    () => (props.event.occurred_at === undefined ? undefined : asked()),
    async ({ id, seconds, q }) => ((await held(api.GET("/v1/events/{event_id}/context", { params: { path: { event_id: id }, query: { seconds, limit: MOST, ...(q ? { q } : {}) } } }))) as unknown as { events: EventShape[] }).events,
  );
  return (
    <div class="around">
      <section>
        <div class="row">
          <h2>Around it</h2>
          <div class="row" role="group" aria-label="How far around">
            <For each={REACHES}>
              {([seconds, name]) => <button class="button" aria-pressed={reach() === seconds} onClick={() => setSearch({ ereach: seconds === 60 ? undefined : String(seconds) }, { replace: true, scroll: false })}>±{name}</button>}
            </For>
          </div>
          <Show when={host()}>
            <label class="row"><input type="checkbox" checked={isHost()} onChange={(event) => setSearch({ ehost: event.currentTarget.checked ? "1" : undefined }, { replace: true, scroll: false })} />only <span class="mono">{host()}</span></label>
          </Show>
        </div>
        <Show when={props.event.occurred_at} fallback={<p class="quiet">It has no usable time, so nothing is before or after it.</p>}>
          <Show when={found.error() === undefined} fallback={<Failed error={found.error()} />}>
            <Show when={found.value()} fallback={<p class="quiet" role="status">Reading what happened around it …</p>}>
              {(events) => (
                <Show when={events().length > 1} fallback={<p class="quiet">Nothing else {isHost() ? `of ${host()} ` : ""}within ±{REACHES.find(([seconds]) => seconds === reach())![1]}.</p>}>
                  <Neighbours events={events()} event={props.event} />
                </Show>
              )}
            </Show>
          </Show>
        </Show>
      </section>
      <Show when={may("evidence.read") && props.event.occurred_at}><Belonging event={props.event} /></Show>
    </div>
  );
}

/** `+1 s 20 ms`, of an instant before or after another. */
export function apart(at: string | undefined, from: string | undefined): string {
  const [one, zero] = [at, from].map((text) => (text === undefined ? undefined : parseInstant(text)));
  if (one === undefined || zero === undefined) return "";
  return one === zero ? "at once" : `${one > zero ? "+" : "−"}${showLength(one > zero ? one - zero : zero - one)}`;
}

/** Bring the event itself into the middle of what is in view. */
function centre(table: HTMLTableElement): void {
  const row = table.querySelector<HTMLElement>("[aria-current]");
  const box = table.parentElement;
  if (row && box) box.scrollTop = row.offsetTop - box.clientHeight / 2;
}

function Neighbours(props: { events: readonly EventShape[]; event: Detail }): JSX.Element {
  const at = (): number => props.events.findIndex((one) => one.id === props.event.id);
  const isCut = (): boolean => at() >= MOST || props.events.length - at() - 1 >= MOST;
  return (
    <>
      <div class="around-rows">
        <table class="event-table" ref={(table) => queueMicrotask(() => centre(table))}>
          <caption class="visually-hidden">Events around this one, in order of time</caption>
          <thead><tr><th scope="col" class="number">Apart</th><th scope="col" class="elsewhere">Host</th><th scope="col" class="elsewhere">Source</th><th scope="col">Type</th><th scope="col">Message</th></tr></thead>
          <tbody>
            <For each={props.events}>
              {(one) => (
                <tr class={`sev-row ${one.severity}`} aria-current={one.id === props.event.id ? "true" : undefined}>
                  <td class="number mono">{one.id === props.event.id ? "this" : apart(one.occurred_at, props.event.occurred_at)}</td>
                  <td class="elsewhere nowrap"><Show when={one.device?.hostname}>{(name) => <Pivot of={{ name: "device.hostname", value: name(), term: term("host", name()), entity: undefined }} />}</Show></td>
                  <td class="elsewhere nowrap"><Pivot of={{ name: "source", value: one.source, term: term("source", one.source), entity: undefined }} /></td>
                  <td class="nowrap"><A class="mono" href={`/events/${encodeURIComponent(one.id)}`}>{one.event_type}</A></td>
                  <td class="message mono" title={one.message}>{one.message}</td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
      <p class="quiet">{count(props.events.length - 1)} events{isCut() ? `: the nearest ${MOST} on a side; there are more` : ""}. Filters of the page are not applied here.</p>
    </>
  );
}

interface Link {
  readonly to: string;
  readonly key: string;
  readonly value: string;
  readonly rarity: number;
  readonly strength: number;
  readonly reason: string;
}

interface Correlated {
  readonly links: readonly Link[];
  readonly events: readonly EventShape[];
  readonly beyond_limit?: number;
  readonly left_out: readonly { readonly key: string; readonly value: string; readonly events: number; readonly at_least?: boolean; readonly why: string }[];
}

/** Links of one reason together, in the order in which the reasons come. */
function byReason(links: readonly Link[]): [string, Link[]][] {
  const found = new Map<string, Link[]>();
  for (const link of links) found.set(link.reason, [...(found.get(link.reason) ?? []), link]);
  return [...found];
}

function Belonging(props: { event: Detail }): JSX.Element {
  const [asked, setAsked] = createSignal("");
  const isAsked = (): boolean => asked() === props.event.id;
  const path = (): { event_id: string } => ({ event_id: props.event.id });
  const found = load(() => (isAsked() ? path() : undefined), async (to) => (await held(api.GET("/v1/events/{event_id}/correlated", { params: { path: to, query: { limit: 20, window: WINDOW } } }))) as unknown as Correlated);
  // The same act as another source saw it: told by the chain, which knows types, outcomes and parties.
  const acts = load(
    () => (isAsked() ? props.event.id : undefined),
    async (id) => (await held(api.GET("/v1/correlate/chain", { params: { query: { seed_event_id: id, depth: 1, window: 60 } } }))) as unknown as { same_acts: [string, string][]; events: EventShape[] },
  );
  const twins = (): EventShape[] => {
    if (acts.error() !== undefined) return [];
    const ids = new Set((acts.now()?.same_acts ?? []).filter((pair) => pair.includes(props.event.id)).flat());
    return (acts.now()?.events ?? []).filter((one) => ids.has(one.id) && one.id !== props.event.id);
  };
  const byId = (id: string): EventShape | undefined => found.now()?.events.find((one) => one.id === id);
  return (
    <section>
      <div class="row">
        <h2>Belongs with it</h2>
        <Show when={!isAsked()}><button class="button" onClick={() => setAsked(props.event.id)}>Look within 12 h on either side</button></Show>
        <A class="button" href={`/chains/${encodeURIComponent(props.event.id)}`}>The chain from here</A>
      </div>
      <Show when={isAsked()}>
        <Show when={twins().length}>
          <p>Another source saw the same act:</p>
          <For each={twins()}>{(one) => <p class="row"><A class="mono" href={`/events/${encodeURIComponent(one.id)}`}>{one.event_type}</A><span class="quiet">{one.source}</span><Time at={one.occurred_at} /><span class="mono message">{one.message}</span></p>}</For>
        </Show>
        <Show when={found.error() === undefined} fallback={<Failed error={found.error()} />}>
          <Show when={found.now()} fallback={<p class="quiet" role="status">Looking …</p>}>
            {(all) => (
              <>
                <Show when={all().links.length} fallback={<p class="quiet">No other event within 12 h shares a key with it that tells anything.</p>}>
                  <table class="event-table">
                    <caption class="visually-hidden">Events that share a key with this one, the most telling key first</caption>
                    <thead><tr><th scope="col" class="number">Apart</th><th scope="col" class="elsewhere">Source</th><th scope="col">Type</th><th scope="col">Message</th></tr></thead>
                    <For each={byReason(all().links)}>
                      {([reason, links]) => (
                        <tbody>
                          <tr class="why"><th scope="rowgroup" colspan="4">{reason}</th></tr>
                          <For each={links}>
                            {(link) => {
                              const one = byId(link.to);
                              return (
                                <tr class={`sev-row ${one?.severity ?? "info"}`} title={`strength ${link.strength}`}>
                                  <td class="number mono">{apart(one?.occurred_at, props.event.occurred_at)}</td>
                                  <td class="mono nowrap elsewhere">{one?.source}</td>
                                  <td class="nowrap"><A class="mono" href={`/events/${encodeURIComponent(link.to)}`}>{one?.event_type ?? link.to}</A></td>
                                  <td class="message mono" title={one?.message}>{one?.message}</td>
                                </tr>
                              );
                            }}
                          </For>
                        </tbody>
                      )}
                    </For>
                  </table>
                </Show>
                <p class="quiet">
                  <Show when={all().beyond_limit}>{count(all().beyond_limit!)} more share a key with it. </Show>
                  <For each={all().left_out}>{(one) => <>{one.key} <span class="mono">{one.value}</span>: {one.at_least ? "at least " : ""}{count(one.events)} more {one.events === 1 ? "event" : "events"}, left out {one.why === "routine" ? "because having it is routine" : one.why === "apart" ? "because they lie too far apart" : `(${one.why})`}. </>}</For>
                </p>
              </>
            )}
          </Show>
        </Show>
      </Show>
    </section>
  );
}
