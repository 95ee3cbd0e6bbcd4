/** The findings that are kept, the newest first, each with its evidence; and a scan for what is not found yet. */

import { useSearchParams } from "@solidjs/router";
import { createMemo, For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { SEVERITIES } from "~/api/shapes";
import type { components } from "~/api/schema";
import { load } from "~/state/load";
import { may } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { Empty } from "~/widgets/states";
import { Table } from "~/widgets/table";
import { count, Severity } from "~/widgets/text";
import { Evidence, Results, Spell } from "./results";
import { createScan } from "./scanning";

type Finding = components["schemas"]["Finding"];

const MOST = 1000;

interface Asked {
  [name: string]: string;
  pattern: string; severity: string; q: string; finding: string;
}

export function Found(): JSX.Element {
  const [asked, ask] = useSearchParams<Asked>();
  const list = load(() => ({ limit: MOST, pattern: asked.pattern ?? "" }), (query) => held(api.GET("/v1/detections", { params: { query } })));
  const scan = createScan();
  // What is as it was stays the same object, so that rows that are open, or just being clicked, stay too.
  const all = createMemo<readonly Finding[]>((before) => {
    const kept = new Map(before.map((one) => [one.id, one]));
    return ((list.error() ? undefined : list.value()?.detections) ?? []).map((one) => {
      const was = kept.get(one.id);
      return was && was.events === one.events && was.times === one.times ? was : one;
    });
  }, []);
  const least = (): number => SEVERITIES.indexOf((asked.severity ?? "info") as (typeof SEVERITIES)[number]);
  const shown = createMemo(() => {
    const words = (asked.q ?? "").trim().toLowerCase();
    return all().filter((one) => SEVERITIES.indexOf(one.severity as (typeof SEVERITIES)[number]) >= least() && (!words || `${one.pattern} ${one.title} ${one.tags.join(" ")}`.toLowerCase().includes(words)));
  });
  const names = createMemo(() => [...new Set([...all().map((one) => one.pattern), ...(asked.pattern ? [asked.pattern] : [])])].toSorted());
  async function look(): Promise<void> {
    await scan.run("/v1/sequences/scan", {});
    await list.again();
  }
  const set = (name: keyof Asked, value: string): void => ask({ [name]: value || undefined, finding: undefined }, { replace: true });
  return (
    <div class="stack">
      <div class="row detections-controls">
        <label class="choice grow">
          <span class="label">Find</span>
          <input class="field" type="search" placeholder="a word of the title, a pattern, a tag" value={asked.q ?? ""} onInput={(event) => set("q", event.currentTarget.value)} />
        </label>
        <label class="choice">
          <span class="label">Pattern or rule</span>
          <select class="field" onChange={(event) => set("pattern", event.currentTarget.value)}>
            <option value="">all of them</option>
            <For each={names()}>{(name) => <option value={name} selected={name === asked.pattern}>{name}</option>}</For>
          </select>
        </label>
        <label class="choice">
          <span class="label">Severity at least</span>
          <select class="field" onChange={(event) => set("severity", event.currentTarget.value === "info" ? "" : event.currentTarget.value)}>
            <For each={SEVERITIES}>{(name) => <option value={name} selected={name === (asked.severity ?? "info")}>{name}</option>}</For>
          </select>
        </label>
        <span class="spread" />
        <Show when={may("sequences.manage")}>
          <button class="button primary" disabled={scan.isRunning()} title="Look for the enabled patterns in everything that happened, and keep what is found" onClick={() => void look()}>Scan now</button>
        </Show>
      </div>
      <Show when={scan.isRunning() || scan.report() || scan.error() || scan.isStopped()}>
        <section class="panel"><div class="body"><Results of={scan} what="Looking for the enabled patterns" dry={false} kept={!scan.isRunning() && !list.busy()} /></div></section>
      </Show>
      <Answer of={list} what="what was found">
        {() => (
          <Show when={all().length} fallback={<Show when={!scan.isRunning()}><Empty title="Nothing was found yet">{may("sequences.manage") ? "A scan looks for the enabled patterns in everything that happened." : "Nobody scanned so far, or nothing matched."}</Empty></Show>}>
            <p class="quiet">
              {shown().length === all().length ? `${count(all().length)} ${all().length === 1 ? "finding" : "findings"}` : `${count(shown().length)} of ${count(all().length)} findings`}, what was recorded last first
              {all().length === MOST ? `; only the newest ${count(MOST)} are listed` : ""}.
            </p>
            <FindingsTable found={shown()} open={asked.finding} choose={(id) => ask({ finding: id === asked.finding ? undefined : id }, { replace: true })} />
          </Show>
        )}
      </Answer>
    </div>
  );
}

function FindingsTable(props: { found: readonly Finding[]; open: string | undefined; choose: (id: string) => void }): JSX.Element {
  return (
    <Show when={props.found.length} fallback={<p class="quiet">None of them meets these filters.</p>}>
      <Table
        label="Findings, what was recorded last first" each={props.found}
        head={<><th>When</th><th>Severity</th><th>What</th><th>Found by</th><th>Tags</th><th class="number">Events</th><th class="number">Times</th><th><span class="visually-hidden">Evidence</span></th></>}
      >
        {(one) => (
          <>
            <tr classList={{ here: props.open === one.id }}>
              <td class="nowrap"><Spell from={one.started_at} to={one.ended_at} /></td>
              <td><Severity of={one.severity} /></td>
              <td>{one.title}</td>
              <td class="nowrap"><span class="mono">{one.pattern}</span><br /><span class="quiet">{one.kind}, version {one.version}</span></td>
              <td class="mono quiet nowrap"><For each={one.tags}>{(tag) => <div>{tag}</div>}</For></td>
              <td class="number">{count(one.events)}</td>
              <td class="number">{count(one.times)}</td>
              <td><button class="button" aria-expanded={props.open === one.id} aria-label={`Evidence of ${one.title}`} onClick={() => props.choose(one.id)}>Evidence</button></td>
            </tr>
            <Show when={props.open === one.id}>
              <tr><td colspan="8"><div class="stack"><Evidence ids={one.evidence} from={one.started_at} to={one.ended_at} /><Show when={one.events > one.evidence.length}><p class="quiet">{count(one.events)} events belong to it; these are by which it was first found, and the latest.</p></Show></div></td></tr>
            </Show>
          </>
        )}
      </Table>
    </Show>
  );
}
