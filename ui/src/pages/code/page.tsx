/** The repositories that are kept here, and the ways to their files and their commits. */

import { A } from "@solidjs/router";
import { For, Show, type JSX } from "solid-js";
import { load } from "~/state/load";
import { Answer } from "~/widgets/answer";
import { Empty } from "~/widgets/states";
import { Time } from "~/widgets/text";
import { repositories } from "./shapes";
import "./code.css";

export default function Repositories(): JSX.Element {
  const found = load(() => true, () => repositories());
  return (
    <div class="page code-page">
      <header><h1>Code</h1></header>
      <Answer of={found} what="the repositories">
        {(all) => (
          <Show when={all().length} fallback={<Empty title="No repository yet">Bring one with <code>vestige code push</code> in a working copy, or let the server fetch it with <code>vestige code mirror NAME --url URL</code>.</Empty>}>
            <div class="table" tabindex="0" role="region" aria-label="Repositories">
              <table>
                <thead><tr><th>Repository</th><th>Commits</th><th>Something last came</th><th>From</th></tr></thead>
                <tbody>
                  <For each={all()}>
                    {(one) => (
                      <tr>
                        <td><A class="mono" href={`/agents/code/${one.id}`}>{one.name}</A></td>
                        <td><A href={`/agents/commits/${one.id}`} aria-label={`Commits of ${one.name}`}>Commits</A></td>
                        <td><Show when={one.received_at} fallback={<span class="faint">nothing yet</span>}>{(at) => <Time at={at()} />}</Show></td>
                        <td><span class="mono">{one.url || "pushed"}</span><Show when={one.failure}><p class="bad">The last fetch failed: {one.failure}</p></Show></td>
                      </tr>
                    )}
                  </For>
                </tbody>
              </table>
            </div>
          </Show>
        )}
      </Answer>
    </div>
  );
}
