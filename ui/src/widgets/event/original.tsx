/** The original fields, names untouched: what the parser found before anything was understood. */

import { For, Show, type JSX } from "solid-js";
import { term } from "~/base/query";
import { copy } from "~/widgets/text";
import { originals } from "./fields";
import { Pivot } from "./pivot";
import type { Detail } from "./shape";
import { Should } from "./should";

const LONGEST_TERM = 1000;

export function Original(props: { event: Detail }): JSX.Element {
  const rows = (): { path: string; value: string }[] => originals(props.event.attributes);
  return (
    <div class="stack">
      <p class="quiet row">
        <span>Read by <span class="mono">{props.event.parser ?? "no parser"}</span> from source <span class="mono">{props.event.source}</span>.</span>
        <Show when={rows().length}><button class="button bare" onClick={() => void copy(JSON.stringify(props.event.attributes, null, 1))}>Copy as JSON</button></Show>
      </p>
      <Show when={rows().length} fallback={<p class="quiet">There are no original fields beside the message: see the exact bytes.</p>}>
        <table class="event-table">
          <thead><tr><th scope="col">Field</th><th scope="col">Value</th></tr></thead>
          <tbody>
            <For each={rows()}>
              {(row) => (
                <tr>
                  <th scope="row" class="mono">{row.path}</th>
                  <td><Pivot of={{ name: `attributes.${row.path}`, value: row.value, term: row.value && row.value.length <= LONGEST_TERM ? term(`attributes.${row.path}`, row.value) : undefined, entity: undefined }} /><Should event={props.event} name={`attributes.${row.path}`} /></td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </Show>
    </div>
  );
}
