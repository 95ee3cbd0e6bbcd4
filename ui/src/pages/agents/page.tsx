/** Places of AI governance. What agents did is on the timeline already, where it came in as events of type `agent.*`. */

import { A, useParams } from "@solidjs/router";
import { Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { timelinePath } from "~/base/paths";
import { load } from "~/state/load";
import { count } from "~/widgets/text";

const SAID: Record<string, readonly [string, string]> = {
  sessions: ["Sessions", "type:agent.session*"],
  policies: ["Policies", "type:policy.verdict"],
};

export default function Agents(): JSX.Element {
  const params = useParams<{ place: string }>();
  const place = (): readonly [string, string] => SAID[params.place] ?? SAID["sessions"]!;
  const found = load(place, ([, q], signal) => held(api.GET("/v1/timeline/count", { params: { query: { q } }, signal })));
  return (
    <div class="page">
      <h1>{place()[0]}</h1>
      <Show when={found.value()}>
        {(sum) => {
          const all = (): number => Number(sum()["dated"]) + Number(sum()["undated"]);
          return (
            <p>
              <Show when={all() > 0} fallback={<>Nothing of this kind was taken in so far. What an agent's tools tell comes in like any other evidence: <A href="/sources?tab=receivers">let them send here</A>.</>}>
                {count(all())} {all() === 1 ? "event" : "events"} of this kind {all() === 1 ? "was" : "were"} taken in. <A href={timelinePath(place()[1])}>See {all() === 1 ? "it" : "them"} on the timeline</A>, <A href={`/replay?q=${encodeURIComponent(place()[1])}`}>or have {all() === 1 ? "it" : "them"} told again</A>.
              </Show>
            </p>
          );
        }}
      </Show>
      <p class="quiet">Asked for: <code>{place()[1]}</code></p>
    </div>
  );
}
