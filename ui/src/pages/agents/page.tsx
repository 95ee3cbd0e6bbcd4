/** Places of AI governance. What agents did is on the timeline already, where it came in as events of type `agent.*`. */

import { A, useParams } from "@solidjs/router";
import { Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { load } from "~/state/load";
import { count } from "~/widgets/text";

const SAID: Record<string, readonly [string, string]> = {
  sessions: ["Sessions", "type:agent.session*"],
  commits: ["Commits", "key:commit=* type:agent.*"],
  policies: ["Policies", "type:policy.verdict"],
  analytics: ["Analytics", "type:agent.*"],
  code: ["Code", "type:agent.*"],
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
              {all() === 0 ? "Nothing of this kind was taken in so far." : `${count(all())} events of this kind were taken in.`}{" "}
              <A href={`/timeline?q=${encodeURIComponent(place()[1])}`}>See them on the timeline</A>
            </p>
          );
        }}
      </Show>
      <p class="quiet">Sessions, commits, policies and the lines that agents wrote get pages of their own here.</p>
    </div>
  );
}
