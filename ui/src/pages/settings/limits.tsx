/** The bounds this server holds, as it was started. They are settings of the installation: nothing here changes them. */

import { For, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { load } from "~/state/load";
import { Answer } from "~/widgets/answer";
import { about, shown } from "./bounds";

export function Limits(): JSX.Element {
  const found = load(() => true, () => held(api.GET("/v1/limits")));
  return (
    <Answer of={found} what="the bounds">
      {(all) => (
        <div class="stack narrow">
          <p class="quiet">Set in <code>vestige.toml</code> or the environment of the server, and in force from its start. Beyond a bound the answer is an error that names it; nothing is dropped in silence.</p>
          <div class="table">
            <table>
              <caption class="visually-hidden">Bounds</caption>
              <thead><tr><th>Bound</th><th>Setting</th><th class="num">In force</th><th class="num">Default</th></tr></thead>
              <tbody>
                <For each={all().limits}>
                  {(one) => <tr><td>{about(one.name)}</td><td class="mono">{one.name}</td><td class="num" classList={{ warn: one.value !== one.default }}>{shown(one.name, one.value)}</td><td class="num quiet">{one.value === one.default ? "the same" : shown(one.name, one.default)}</td></tr>}
                </For>
              </tbody>
            </table>
          </div>
        </div>
      )}
    </Answer>
  );
}
