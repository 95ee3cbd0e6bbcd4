/** The events of the case in order of time, each with what the case says of it. */

import { A, useSearchParams } from "@solidjs/router";
import { createMemo, lazy, Show, Suspense, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { CasePin } from "~/api/cases";
import type { EventShape } from "~/api/shapes";
import { showLength } from "~/base/instant";
import { narrowed, without } from "~/base/query";
import { offer } from "~/state/commands";
import { paged } from "~/state/paged";
import { may } from "~/state/session";
import { Answer, More } from "~/widgets/answer";
import { Integrity, partiesOf } from "~/widgets/event-line";
import { Empty, Waiting } from "~/widgets/states";
import { Table } from "~/widgets/table";
import { Severity, Time } from "~/widgets/text";
import { useCase } from "./context";
import { gapsOf } from "./gaps";
import { Strip } from "./strip";

interface Row {
  readonly event: EventShape;
  readonly pin: CasePin | undefined;
}

const text = (value: string | string[] | undefined): string => (typeof value === "string" ? value : "");
const LIMIT = 200;

const EventPanel = lazy(() => import("~/widgets/event/panel").then((found) => ({ default: found.EventPanel })));

/** Put the focus on the event so many rows on. */
function step(by: number): void {
  const links = [...document.querySelectorAll<HTMLElement>(".events .open")];
  const at = links.indexOf(document.activeElement as HTMLElement);
  links[Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
}

export function Timeline(): JSX.Element {
  const { one, pinnedAt } = useCase();
  const [params, setParams] = useSearchParams();
  const isUndated = (): boolean => params["undated"] === "true";
  const order = (): "asc" | "desc" => (params["order"] === "desc" ? "desc" : "asc");
  const asked = (): string | undefined =>
    may("evidence.read") ? JSON.stringify([one().id, text(params["q"]), text(params["from"]), text(params["to"]), order(), isUndated(), pinnedAt()]) : undefined;
  const rows = paged<string, Row>(asked, async (_key, cursor, signal) => {
    const within = isUndated() ? {} : { start: text(params["from"]) || null, end: text(params["to"]) || null };
    const query = { q: text(params["q"]), order: order(), undated: isUndated(), limit: LIMIT, pins: true, ...within, ...(cursor ? { cursor } : {}) };
    const page = await held(api.GET("/v1/cases/{case}/timeline", { params: { path: { case: one().id }, query }, signal }));
    const pins = new Map(page.pins?.map((pin) => [pin.event_id, pin]));
    return { items: (page.events as unknown as EventShape[]).map((event) => ({ event, pin: pins.get(event.id) })), next: page.next_cursor };
  });
  const gaps = createMemo(() => gapsOf((rows.value() ?? []).map((row) => row.event.occurred_at)));
  offer(
    { id: "case.next", title: "Case: next event", group: "Case", keys: ["j"], hidden: true, run: () => step(1) },
    { id: "case.previous", title: "Case: previous event", group: "Case", keys: ["k"], hidden: true, run: () => step(-1) },
  );
  const whole = (): string => `/timeline?q=${encodeURIComponent(`case:${one().id}`)}`;
  const isNarrowed = (): boolean => Boolean(text(params["q"]) || text(params["from"]) || text(params["to"]) || isUndated());

  const opened = (): string => text(params["event"]);
  /** Beside the list; a click that asks for a window of its own gets the event's page. */
  function open(click: MouseEvent, id: string): void {
    if (click.ctrlKey || click.metaKey || click.shiftKey || click.button !== 0) return;
    click.preventDefault();
    setParams({ event: id });
  }
  function close(): void {
    const id = opened();
    setParams({ event: undefined });
    document.querySelector<HTMLElement>(`.events [data-event="${id}"]`)?.focus();
  }

  return (
    <Show when={may("evidence.read")} fallback={<Empty title="You may not see events">What is pinned is listed under Pins; what it says needs the permission evidence.read.</Empty>}>
      <Strip query={`case:${one().id}`} of={pinnedAt()} choose={(from, to) => setParams({ from, to, undated: undefined })} />
      <form class="row" onSubmit={(event) => event.preventDefault()}>
        <input class="field wide-field mono" type="search" aria-label="Narrow by a query" placeholder="Narrow by a query" maxlength="4000" value={text(params["q"])} onChange={(event) => setParams({ q: event.currentTarget.value.trim() || undefined })} />
        <input class="field narrow mono" aria-label="From" placeholder="from" disabled={isUndated()} value={text(params["from"])} onChange={(event) => setParams({ from: event.currentTarget.value.trim() || undefined })} />
        <input class="field narrow mono" aria-label="Until" placeholder="until" disabled={isUndated()} value={text(params["to"])} onChange={(event) => setParams({ to: event.currentTarget.value.trim() || undefined })} />
        <button type="button" class="button" onClick={() => setParams({ order: order() === "asc" ? "desc" : undefined })}>{order() === "asc" ? "Oldest first" : "Newest first"}</button>
        <button type="button" class="button" aria-pressed={isUndated()} onClick={() => setParams({ undated: isUndated() ? undefined : "true", from: undefined, to: undefined })}>Without a time</button>
        <Show when={isNarrowed()}><button type="button" class="button bare" onClick={() => setParams({ q: undefined, from: undefined, to: undefined, undated: undefined })}>Show all of it</button></Show>
        <span class="spread" />
        <A class="button bare" href={whole()}>On the timeline</A>
      </form>
      <Answer of={rows} what="its events">
        {(found) => (
          <Show when={found().length} fallback={<Nothing narrowed={isNarrowed()} />}>
            <div classList={{ "with-panel": opened() !== "" }}>
            <Table
              label="Events of the case" each={found()} class="events"
              head={<><th scope="col">{isUndated() ? "Received" : "Time"}</th><th scope="col">Severity</th><th scope="col">Type</th><th scope="col" class="party">Who, to what</th><th scope="col">Message</th><th scope="col">Annotation</th><th scope="col"><span class="visually-hidden">Whether it is as it was pinned</span></th></>}
            >
              {(row, index) => (
                <>
                  <Show when={gaps().get(index())}>{(gap) => <tr class="gap"><td colspan="7">{showLength(gap())} in which nothing of the case was</td></tr>}</Show>
                  <tr aria-current={opened() === row.event.id ? "true" : undefined}>
                    <td><Time at={isUndated() ? row.event.received_at : row.event.occurred_at} /></td>
                    <td><Severity of={row.event.severity} /></td>
                    <td><a class="open" data-event={row.event.id} href={`/ui/events/${row.event.id}`} onClick={(click) => open(click, row.event.id)}>{row.event.event_type}</a></td>
                    <td class="mono party" title={partiesOf(row.event)}>{partiesOf(row.event)}</td>
                    <td class="wide mono" title={row.event.message}>{row.event.message}</td>
                    <td class="said-of" title={row.pin?.annotation}><Show when={row.pin?.pinned}><span class="warn" title="Marked among the others">★ </span></Show><Show when={row.pin?.annotation}>{(said) => <span class="annotation">{said()}</span>}</Show></td>
                    <td><Show when={row.pin}>{(pin) => <Integrity of={pin().integrity} reason={pin().reason} />}</Show></td>
                  </tr>
                </>
              )}
            </Table>
            <Show when={opened()} keyed>
              {(id) => (
                <aside class="panel beside" aria-label="The event">
                  <Suspense fallback={<Waiting what="the event" />}>
                    <EventPanel id={id} close={close} onTerm={(term, exclude) => setParams({ q: (exclude ? without : narrowed)(text(params["q"]), term) })} />
                  </Suspense>
                </aside>
              )}
            </Show>
            </div>
            <More of={rows} words={`Show the next ${LIMIT}`} />
          </Show>
        )}
      </Answer>
    </Show>
  );
}

function Nothing(props: { narrowed: boolean }): JSX.Element {
  const { one } = useCase();
  return (
    <Show when={!props.narrowed && one().events === 0} fallback={<Empty title="No event of the case is here">{props.narrowed ? "None of what is pinned matches." : "What is pinned states no time: see “Without a time”."}</Empty>}>
      <Empty title="Nothing is pinned yet">Pin events from the timeline or an event's own page, or here all that a query finds.</Empty>
    </Show>
  );
}
