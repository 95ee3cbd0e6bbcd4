/** What comes in just now, as it is indexed: filtered, held still, followed. */

import { A, useSearchParams } from "@solidjs/router";
import { createEffect, createSignal, on, onCleanup, Show, type JSX } from "solid-js";
import { raw } from "~/api/client";
import type { EventShape } from "~/api/shapes";
import { offer } from "~/state/commands";
import { Wrong } from "~/widgets/states";
import { Table } from "~/widgets/table";
import { count, Severity, Time } from "~/widgets/text";
import { perSecond } from "./rate";

interface Message {
  readonly events: readonly EventShape[];
  readonly left_out: number;
  readonly passed_over: number;
  readonly lag: number;
}

const KEPT = 500;

export function Live(): JSX.Element {
  const [search, setSearch] = useSearchParams<{ q?: string }>();
  const [rows, setRows] = createSignal<readonly EventShape[]>([]);
  const [waiting, setWaiting] = createSignal<readonly EventShape[]>([]);
  const [isPaused, setPaused] = createSignal(false);
  const [state, setState] = createSignal<"opening" | "open" | "away">("opening");
  const [error, setError] = createSignal<unknown>();
  const [lag, setLag] = createSignal(0);
  const [missed, setMissed] = createSignal(0);
  const [come, setCome] = createSignal<readonly (readonly [number, number])[]>([]);
  const [now, setNow] = createSignal(Date.now());
  const clock = setInterval(() => setNow(Date.now()), 1000);
  let stream: EventSource | undefined;
  onCleanup(() => { clearInterval(clock); stream?.close(); });

  function take(message: Message): void {
    setLag(message.lag);
    setMissed((before) => before + message.left_out + message.passed_over);
    setCome((before) => [...before.slice(-120), [Date.now(), message.events.length + message.left_out] as const]);
    const newest = message.events.toReversed();
    const put = isPaused() ? setWaiting : setRows;
    put((there) => [...newest, ...there].slice(0, KEPT));
  }
  async function open(q: string): Promise<void> {
    stream?.close();
    setError();
    setState("opening");
    const query = q ? `?q=${encodeURIComponent(q)}` : "";
    try {
      // An event source tells of no error but that there is one: a query that is none is found out before it is opened.
      await raw(`/v1/live${query || "?"}${query ? "&" : ""}seconds=0`).then((answer) => answer.body?.cancel());
    } catch (caught) {
      setError(caught);
      return;
    }
    if ((search.q ?? "") !== q) return;
    stream = new EventSource(`/v1/live${query}`);
    stream.addEventListener("begin", () => setState("open"));
    stream.addEventListener("events", (event) => take(JSON.parse(event.data as string) as Message));
    stream.addEventListener("error", () => setState("away"));
  }
  createEffect(on(() => search.q ?? "", (q) => { setRows([]); setWaiting([]); setMissed(0); void open(q); }));
  function pause(): void {
    if (isPaused()) {
      setRows((there) => [...waiting(), ...there].slice(0, KEPT));
      setWaiting([]);
    }
    setPaused(!isPaused());
  }
  offer({ id: "live:pause", title: "Hold the live view still, or let it go on", group: "Live", keys: [" "], run: pause });

  return (
    <div class="stack">
      <form class="row" onSubmit={(event) => { event.preventDefault(); setSearch({ q: String(new FormData(event.currentTarget).get("q")).trim() || undefined }); }}>
        <label class="spread"><span class="label">Only what matches</span><input class="field mono" name="q" maxlength="4096" placeholder="source:web severity:>=high" value={search.q ?? ""} /></label>
        <button class="button">Show</button>
        <button type="button" class="button" classList={{ primary: isPaused() }} aria-pressed={isPaused()} onClick={pause}>{isPaused() ? `Go on: ${count(waiting().length)} new` : "Hold still"}</button>
      </form>
      <Show when={error()}>{(caught) => <Wrong error={caught()} />}</Show>
      <p class="row quiet" role="status">
        <Show when={state() === "open"} fallback={<span class="warn">{state() === "away" ? "The connection is away; it goes on by itself and misses nothing." : "Opening …"}</span>}><span class="good">● live</span></Show>
        <span>{perSecond(come(), now())} events a second</span>
        <Show when={lag()}><span class="warn">The index is {count(lag())} entries behind the ledger.</span></Show>
        <Show when={missed()}><span>{count(missed())} came too fast to be shown here; they are on the timeline.</span></Show>
      </p>
      <Table
        label="Events as they come, the newest first" each={rows()} frame="live-table" fallback={<tr><td colspan="7" class="quiet">Nothing has come since this was opened{search.q ? " that matches" : ""}.</td></tr>}
        head={<><th>Received</th><th>Occurred</th><th>Source</th><th>Type</th><th>Severity</th><th>Actor</th><th>Message</th></>}
      >
        {(event) => (
          <tr>
            <td><Time at={event.received_at} /></td>
            <td><Show when={event.occurred_at} fallback={<span class="faint">undated</span>}><Time at={event.occurred_at} /></Show></td>
            <td class="mono">{event.source}</td><td class="mono"><A href={`/events/${event.id}`}>{event.event_type}</A></td>
            <td><Severity of={event.severity} /></td><td class="mono">{event.actor?.name ?? event.actor?.id ?? ""}</td><td title={event.message}>{event.message ?? ""}</td>
          </tr>
        )}
      </Table>
    </div>
  );
}
