/** The bounds this server holds, as it was started. They are settings of the installation: nothing here changes them. */

import { type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { load } from "~/state/load";
import { Answer } from "~/widgets/answer";
import { Table } from "~/widgets/table";
import { about, shown } from "./bounds";

export function Limits(): JSX.Element {
  const found = load(() => true, () => held(api.GET("/v1/limits")));
  return (
    <Answer of={found} what="the bounds">
      {(all) => (
        <div class="stack narrow">
          <p class="quiet">Set in <code>vestige.toml</code> or the environment of the server, and in force from its start. Beyond a bound the answer is an error that names it; nothing is dropped in silence.</p>
          <Table label="Bounds" each={all().limits} head={<><th>Bound</th><th>Setting</th><th class="num">In force</th><th class="num">Default</th></>}>
            {(one) => <tr><td>{about(one.name)}</td><td class="mono">{one.name}</td><td class="num" classList={{ warn: one.value !== one.default }}>{shown(one.name, one.value)}</td><td class="num quiet">{one.value === one.default ? "the same" : shown(one.name, one.default)}</td></tr>}
          </Table>
        </div>
      )}
    </Answer>
  );
}
