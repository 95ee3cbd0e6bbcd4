/** Who did what in a period, each act with its entries, and the pack of them all for whoever is asked to judge. */

import { A, useSearchParams } from "@solidjs/router";
import { createSignal, For, onCleanup, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { components } from "~/api/schema";
import { NoFile, saveInMemory, saveThrough, writesThrough } from "~/api/save";
import { eventPath } from "~/base/paths";
import { ZipFront } from "~/base/zip-front";
import { load } from "~/state/load";
import { tell } from "~/state/notices";
import { may } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { Failed } from "~/widgets/states";
import { Table } from "~/widgets/table";
import { bytes, count, Time } from "~/widgets/text";
import { Stands } from "./standing";

type Report = components["schemas"]["Report"];
type Acts = Report["acts"][number];
const GROUPS: Record<string, string> = { verification: "Verification", exception: "Exceptions", policy: "Policies and rules", people: "People and keys", disclosure: "Disclosure", rest: "Rest" };
/** Entries of one act that are shown at once. */
const SHORT = 5;

export function Period(): JSX.Element {
  const [asked, ask] = useSearchParams<{ from: string; to: string }>();
  const query = (): { from?: string; to?: string } => ({ ...(asked.from ? { from: asked.from } : {}), ...(asked.to ? { to: asked.to } : {}) });
  const found = load(() => JSON.stringify(query()), (wanted, signal) => held(api.GET("/v1/compliance/report", { params: { query: JSON.parse(wanted) as object }, signal })));
  function show(event: SubmitEvent): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string | undefined => String(form.get(name) ?? "").trim() || undefined;
    ask({ from: text("from"), to: text("to") });
  }
  return (
    <div class="stack">
      <form class="row compliance-controls" onSubmit={show} aria-label="Which period">
        <label class="choice"><span class="label">From</span><input class="field mono" name="from" placeholder="the first act" value={asked.from ?? ""} /></label>
        <label class="choice"><span class="label">Up to, not including</span><input class="field mono" name="to" placeholder="now" value={asked.to ?? ""} /></label>
        <button class="button primary">Show</button>
        <span class="quiet">Dates as 2026-10-01, by the server's clock.</span>
      </form>
      <Answer of={found} what="the acts of the period" isFresh>
        {(report) => (
          <>
            <p>
              <strong>{count(report().acts.reduce((sum, one) => sum + one.count, 0))} acts</strong>, <Show when={asked.from} fallback="from the first"><Time at={report().from} precision="second" /></Show> to <Time at={report().to} precision="second" />, under the mode <span class="mono">{report().mode}</span>.
              <Show when={report().erased}> {count(report().erased)} more were erased: what they said is not known.</Show>
            </p>
            <Pack from={asked.from} to={asked.to} />
            <div class="row tags compliance-points" aria-label="How the mode stands now" role="group"><For each={report().points}>{(point) => <span class="chip">{point.point}: <Stands of={point} /></span>}</For></div>
            <For each={Object.keys(GROUPS).filter((name) => report().groups[name])}>
              {(group) => (
                <section class="panel" aria-labelledby={`group-${group}`}>
                  <header><h2 id={`group-${group}`} class="spread">{GROUPS[group]}</h2><span class="quiet">{count(report().groups[group]!)} {report().groups[group] === 1 ? "act" : "acts"}</span></header>
                  <ActTable label={GROUPS[group]!} acts={report().acts.filter((one) => one.group === group)} />
                </section>
              )}
            </For>
            <section class="panel" aria-labelledby="who">
              <header><h2 id="who">Who did how much</h2></header>
              <Table label="Actors" each={report().people.toSorted((a, b) => b.acts - a.acts)} frame="bare" head={<><th>Actor</th><th class="number">Acts</th><th>Of which</th></>}>
                {(one) => (
                  <tr>
                    <td><A href={auditPath({ actor: one.actor }, asked)}>{one.actor || "Vestige"}</A></td>
                    <td class="number">{count(one.acts)}</td>
                    <td class="mono">{Object.entries(one.actions).map(([action, n]) => `${action} ${count(n)}`).join(", ")}</td>
                  </tr>
                )}
              </Table>
            </section>
          </>
        )}
      </Answer>
    </div>
  );
}

/** The audit trail with the same acts in it. */
function auditPath(of: Record<string, string>, period: { from?: string; to?: string }): string {
  return `/integrity?${new URLSearchParams({ tab: "audit", ...of, ...(period.from ? { from: period.from } : {}), ...(period.to ? { to: period.to } : {}) })}`;
}

function ActTable(props: { label: string; acts: readonly Acts[] }): JSX.Element {
  const [asked] = useSearchParams<{ from: string; to: string }>();
  return (
    <Table label={`${props.label}, by act`} each={props.acts} frame="bare" head={<><th>Act</th><th class="number">How often</th><th>First</th><th>Last</th><th>Entries</th></>}>
      {(one) => (
        <tr>
          <td><A class="mono" href={auditPath({ action: one.action }, asked)}>{one.action}</A></td>
          <td class="number">{count(one.count)}</td>
          <td class="nowrap"><Time at={one.first} precision="minute" /></td>
          <td class="nowrap"><Time at={one.last} precision="minute" /></td>
          <td><For each={one.entries.slice(0, SHORT)}>{(entry) => <><A class="mono" href={eventPath(entry.id)} title={`${entry.actor}, ${entry.at}`}>{entry.id.slice(-6)}</A> </>}</For><Show when={one.count > SHORT}><A class="quiet" href={auditPath({ action: one.action }, asked)}>and {count(one.count - SHORT)} more</A></Show></td>
        </tr>
      )}
    </Table>
  );
}

interface Far { readonly records: number; readonly seen: number; readonly bytes: number }

function Pack(props: { from: string | undefined; to: string | undefined }): JSX.Element {
  const [far, setFar] = createSignal<Far>();
  const [error, setError] = createSignal<unknown>();
  const [made, setMade] = createSignal<Far & { readonly name: string }>();
  const [noFile, setNoFile] = createSignal(false);
  let stop: AbortController | undefined;
  onCleanup(() => stop?.abort());
  async function make(save = saveThrough): Promise<void> {
    if (far()) return;
    stop = new AbortController();
    const name = `evidence-${props.from ?? "begin"}-${props.to ?? "now"}.zip`.replaceAll(/[^\w.-]/g, "-");
    let records = 0, seen = 0, came = 0;
    setError();
    setNoFile(false);
    setMade();
    setFar({ records, seen, bytes: came });
    // A record's proof is the last of what is packed of it.
    const front = new ZipFront((file) => { if (file.endsWith(".tlog-proof")) seen = Math.min(seen + 1, records); });
    try {
      const saved = await save(`/v1/compliance/pack?${new URLSearchParams({ ...(props.from ? { from: props.from } : {}), ...(props.to ? { to: props.to } : {}) })}`, {
        name, type: "application/zip", signal: stop.signal,
        began: (headers) => { records = Number(headers.get("X-Vestige-Records") ?? 0); },
        part: (part) => { front.take(part); came += part.length; setFar({ records, seen, bytes: came }); },
      });
      setMade({ name, records, seen, bytes: saved.bytes });
      tell(`The pack was made: ${bytes(saved.bytes)}.`, "good");
    } catch (cause) {
      if (cause instanceof NoFile) setNoFile(true);
      else if (cause instanceof DOMException && cause.name === "AbortError") tell("No pack was made: you gave it up.");
      else setError(() => cause);
    } finally {
      setFar();
    }
  }
  return (
    <section class="stack tight" aria-label="Evidence pack">
      <Show when={may("evidence.export")} fallback={<p class="quiet">To have the pack of all these entries, with their proofs, needs evidence.export.</p>}>
        <div class="row">
          <Show when={far()} fallback={<button class="button primary" onClick={() => void make()}>Make the evidence pack</button>}>
            {(now) => (
              <>
                <button class="button" onClick={() => stop?.abort()}>Give it up</button>
                <progress max={now().records || 1} value={now().seen} aria-label="Entries packed" />
                <span role="status">{now().bytes ? `${count(now().seen)} of ${count(now().records)} entries, ${bytes(now().bytes)}` : "Holding everything against the signed log …"}</span>
              </>
            )}
          </Show>
          <span class="quiet">All of these entries with their proofs, and one that states this report. Making it is entries of the ledger too.</span>
        </div>
        <Show when={!far() && !writesThrough()}><p class="quiet">This browser holds a file in memory until it is whole; for a large one use <code>vestige compliance pack</code>.</p></Show>
      </Show>
      <Show when={noFile()}>
        <p role="status">No pack was made: no file was chosen to write it to. <button class="button" onClick={() => void make(saveInMemory)}>Download it instead</button></p>
      </Show>
      <Show when={error()}>{(cause) => <Failed error={cause()} retry={() => void make()} />}</Show>
      <Show when={made()}>{(pack) => <p role="status"><strong>{pack().name}</strong>: {count(pack().records)} entries, {bytes(pack().bytes)}. Whoever gets it <A href="/verify">verifies it in a browser</A>, or with <code>vestige bundle verify</code>, without this server.</p>}</Show>
    </section>
  );
}
