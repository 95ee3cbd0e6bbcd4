/** What somebody said later a field should read, beside what it says. */

import { A } from "@solidjs/router";
import { For, Show, type JSX } from "solid-js";
import { Time } from "~/widgets/text";
import { corrections } from "./fields";
import type { Detail } from "./shape";

export function Should(props: { event: Detail; name: string }): JSX.Element {
  return (
    <For each={corrections(props.event, props.name)}>
      {({ value, by }) => (
        <span class="should">
          <Show when={value !== undefined} fallback="corrected by what is withheld, as the record is">should read <Show when={value} fallback="nothing"><span class="mono">{value}</span></Show></Show>
          <span class="quiet">{by.by || "somebody"}, <Time at={by.at} precision="second" />: <A href={`/events/${by.entry}`}>{by.reason}</A></span>
        </span>
      )}
    </For>
  );
}
