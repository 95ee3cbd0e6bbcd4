/** The account of an import: every record is exactly one of parsed, unparsed, duplicate, skipped; what failed can be opened. */

import { A } from "@solidjs/router";
import { createSignal, For, Show, type JSX } from "solid-js";
import { addsUp, type ImportReport } from "~/base/report";
import { Table } from "~/widgets/table";
import { count } from "~/widgets/text";

const SHOWN = 50;

export function Report(props: { of: ImportReport; isSum?: boolean }): JSX.Element {
  const [all, setAll] = createSignal(false);
  const one = () => props.of;
  const parts = (): [string, number, string][] => [
    ["parsed", one().parsed, ""], ["unparsed", one().unparsed, "warn"], ["duplicates", one().duplicates, ""], ["skipped", one().skipped, "warn"],
  ];
  const shown = () => (all() ? one().failures : one().failures.slice(0, SHOWN));
  return (
    <div class="stack" data-report>
      <dl class="counts">
        <div><dt>records</dt><dd>{count(one().records)}</dd></div>
        <For each={parts()}>{([name, number, tone], at) => <div><dt>{at() === 0 ? "= " : "+ "}{name}</dt><dd classList={{ [tone]: tone !== "" && number > 0, faint: number === 0 }}>{count(number)}</dd></div>}</For>
        <div><dt>events they give</dt><dd>{count(one().events)}</dd></div>
        <Show when={one().skipped_files}><div><dt>files not taken in</dt><dd class="warn">{count(one().skipped_files)}</dd></div></Show>
      </dl>
      <Show when={!addsUp(one())}><p class="bad">These do not add up: {count(one().parsed + one().unparsed + one().duplicates + one().skipped)} of {count(one().records)} records are accounted for.</p></Show>
      <Show when={one().outcome !== "complete"}><p class="warn">It ended early ({one().outcome}). What was committed is kept; take it in again: nothing is taken twice.</p></Show>
      <Show when={one().index_lag}><p class="warn">The index is still {count(one().index_lag!)} entries behind; the ledger has all of them.</p></Show>
      <p class="quiet">
        <For each={Object.entries(one().formats)}>{([name, files]) => <span><span class="mono">{name}</span>{files > 1 ? ` (${count(files)} files)` : ""}. </span>}</For>
        <Show when={one().records && one().records === one().duplicates}>All of it was there already. </Show>
        <Show when={!props.isSum}><A href="/timeline">To the timeline</A></Show>
      </p>
      <For each={one().assumptions.slice(0, 10)}>{(text) => <p class="warn">Assumed: {text}</p>}</For>
      <For each={one().left_out.slice(0, 10)}>{(text) => <p class="quiet">Left out: {text}</p>}</For>
      <Show when={one().failures.length}>
        <Table label="What could not be read or taken in" each={shown()} head={<><th>Record</th><th>File</th><th class="num">At byte</th><th>Why</th></>}>
          {(failure) => (
            <tr>
              <td><Show when={failure.id} fallback={<span class="quiet">the file</span>}><A class="mono" href={`/events/${failure.id}`}>{failure.id}</A></Show></td>
              <td class="mono">{failure.file}</td><td class="num">{count(failure.offset)}</td><td>{failure.reason}</td>
            </tr>
          )}
        </Table>
        <Show when={one().failures.length > SHOWN && !all()}><p><button class="button" onClick={() => setAll(true)}>Show all {count(one().failures.length)}</button></p></Show>
        <Show when={one().failures_total > one().failures.length}><p class="quiet">{count(one().failures_total)} failed in all; the first {count(one().failures.length)} are listed. The page of the source lists every one.</p></Show>
      </Show>
    </div>
  );
}
