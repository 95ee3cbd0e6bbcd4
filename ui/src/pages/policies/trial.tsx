/** What came of a trial: push by push what was said then and would be now, or the commits of a range. */

import { A } from "@solidjs/router";
import { For, Show, type JSX } from "solid-js";
import type { components } from "~/api/schema";
import { count, Time } from "~/widgets/text";
import { Ended } from "./end";
import { idOf, type Repository } from "./repositories";
import { Results } from "./results";
import { endOf } from "./worst";

type Tried = components["schemas"]["PolicyTrial"];
type Of = components["schemas"]["TriedPush"] | components["schemas"]["TriedRange"];

const subjects = (of: Of): Record<string, string> => Object.fromEntries(of.commits.map((one) => [one.oid, one.subject]));

export function Trial(props: { of: Tried; repositories: readonly Repository[]; repository: string }): JSX.Element {
  const id = (): string | undefined => idOf(props.repositories, props.repository);
  const pushes = () => props.of.pushes ?? [];
  return (
    <div class="stack" role="region" aria-label="What came of it" aria-live="polite">
      <Show when={props.of.pushes}>
        <p role="status">{pushes().length ? `${count(pushes().filter((one) => one.blocked).length)} of ${count(pushes().length)} pushes would be blocked.` : "Nothing was pushed to it that was decided: try it on commits."}</p>
        <Show when={props.of.unread}>{(left) => <p class="quiet">{count(left())} {left() === 1 ? "push is" : "pushes are"} left out: another version recorded facts of {left() === 1 ? "it" : "them"} that this one does not know.</p>}</Show>
        <For each={pushes()}>
          {(one) => (
            <section class="panel">
              <header>
                <h3 class="spread"><A href={`/agents/decisions/${one.decision}`}>Pushed <Time at={one.at} precision="second" /></A> <span class="quiet">{count(one.commits.length)} {one.commits.length === 1 ? "commit" : "commits"}</span></h3>
                <span class="quiet">then</span> <Ended of={one.was} /> <span class="quiet">with these</span> <Ended of={endOf(one)} />
              </header>
              <Results label={`Results of the push of ${one.at}`} of={one.results} repository={id()} subjects={subjects(one)} />
            </section>
          )}
        </For>
      </Show>
      <Show when={props.of.commits}>
        {(one) => (
          <section class="panel">
            <header><h3 class="spread">{count(one().commits.length)} {one().commits.length === 1 ? "commit" : "commits"}</h3><span class="quiet">a push of them</span> <Ended of={endOf(one())} /></header>
            <Show when={one().unsealed}><p class="body quiet">{count(one().unsealed)} {one().unsealed === 1 ? "session is" : "sessions are"} not sealed yet; a push seals them, so they count as sealed here.</p></Show>
            <Results label="Results by commit" of={one().results} repository={id()} subjects={subjects(one())} />
          </section>
        )}
      </Show>
    </div>
  );
}
