/** What stands above the list: how many events, which of them are listed and how, and what can be done with all of them. */

import { createSignal, For, Show, type JSX } from "solid-js";
import { raw } from "~/api/client";
import { toText } from "~/base/instant";
import { tell, tellError } from "~/state/notices";
import { may } from "~/state/session";
import { Dialog } from "~/widgets/dialog";
import { PinDialog } from "~/widgets/pin";
import { bytes, count } from "~/widgets/text";
import type { View } from "./view";

export function ListHead(props: { view: View; total: number | undefined; undated: number | undefined; lag: number }): JSX.Element {
  const [open, setOpen] = createSignal<"pin" | "export">();
  const selection = (): { query: string; start?: string; end?: string } => {
    const span = props.view.span();
    if (props.view.list() === "undated") return { query: `(${props.view.query() || "*:*"}) -time:*` };
    return { query: props.view.query() || "*:*", ...(span ? { start: toText(span.start), end: toText(span.end) } : {}) };
  };
  const ways = [["", "Each event"], ["alike", "Alike as one"], ["template", "Same words as one"]] as const;
  return (
    <div class="list-head">
      <strong>
        <Show when={props.view.list() === "undated"} fallback={<>{props.total === undefined ? "Events" : `${count(props.total)} events in view`}</>}>
          {props.undated === undefined ? "Events" : `${count(props.undated)} events`} without a usable time
        </Show>
      </strong>
      <Show when={props.lag > 0}><span class="chip warn">{count(props.lag)} entries are not indexed yet</span></Show>
      <span class="spread" />
      <label class="row"><span class="visually-hidden">How events are listed</span>
        <select class="field" value={props.view.list() === "undated" ? "" : (props.view.list() ?? "")} onChange={(event) => props.view.listAs(event.currentTarget.value)}>
          <For each={ways}>{([value, name]) => <option value={value}>{name}</option>}</For>
        </select>
      </label>
      <Show when={(props.undated ?? 0) > 0 || props.view.list() === "undated"}>
        <button class="button bare" aria-pressed={props.view.list() === "undated"} onClick={() => props.view.listAs(props.view.list() === "undated" ? "" : "undated")}>
          {props.view.list() === "undated" ? "Back to dated events" : `${count(props.undated ?? 0)} undated`}
        </button>
      </Show>
      <Show when={may("cases.write")}><button class="button bare" onClick={() => setOpen("pin")}>Pin all …</button></Show>
      <Show when={may("evidence.export")}><button class="button bare" onClick={() => setOpen("export")}>Export …</button></Show>
      <Show when={open() === "pin"}><PinDialog selection={selection()} close={() => setOpen()} /></Show>
      <Show when={open() === "export"}><Export selection={selection()} close={() => setOpen()} /></Show>
    </div>
  );
}

const FORMATS = [
  ["ndjson", "JSON lines: everything known of each event"], ["csv", "CSV, safe to open in a spreadsheet"], ["parquet", "Parquet"], ["timesketch", "Timesketch"],
  ["ecs", "Elastic Common Schema"], ["ocsf", "OCSF"], ["l2tcsv", "l2t_csv, as log2timeline writes it"],
] as const;

function Export(props: { selection: { query: string; start?: string; end?: string }; close: () => void }): JSX.Element {
  const [format, setFormat] = createSignal<string>("ndjson");
  const [got, setGot] = createSignal<number>();
  const abort = new AbortController();
  async function fetchAll(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const { query, ...bounds } = props.selection;
    setGot(0);
    try {
      const answer = await raw(`/v1/export?${new URLSearchParams({ q: query, format: format(), ...bounds })}`, { signal: abort.signal });
      const reader = answer.body!.getReader();
      const parts: Uint8Array<ArrayBuffer>[] = [];
      for (let sum = 0; ; ) {
        const { done, value } = await reader.read();
        if (done) break;
        parts.push(value);
        setGot((sum += value.length));
      }
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob(parts));
      link.download = `events.${format() === "l2tcsv" || format() === "csv" ? "csv" : format() === "parquet" ? "parquet" : "jsonl"}`;
      link.click();
      URL.revokeObjectURL(link.href);
      tell(`${count(Number(answer.headers.get("X-Vestige-Events") ?? 0))} events exported; the export is an entry of the ledger.`, "good");
      props.close();
    } catch (error) {
      tellError(error);
      setGot();
    }
  }
  return (
    <Dialog title="Export what is listed" close={() => { abort.abort(); props.close(); }}>
      <form class="stack" onSubmit={(event) => void fetchAll(event)}>
        <label><span class="label">As</span>
          <select class="field" value={format()} onChange={(event) => setFormat(event.currentTarget.value)}>
            <For each={FORMATS}>{([name, said]) => <option value={name}>{said}</option>}</For>
          </select>
        </label>
        <p class="quiet">All events that match in this stretch of time, not a page of them. Large exports are better made with <code>vestige export</code>, which writes to a file as it goes.</p>
        <footer><Show when={got() !== undefined}><span class="quiet" role="status">{bytes(got()!)} so far</span></Show><button class="button primary" disabled={got() !== undefined}>Export</button></footer>
      </form>
    </Dialog>
  );
}
