/** How much of a session all its witnesses tell: a bar, and the holes with their reasons. */

import { A } from "@solidjs/router";
import { For, Show, type JSX } from "solid-js";
import { eventPath } from "~/base/paths";
import { count } from "~/widgets/text";
import { coverageText, type Coverage, type SessionWhole } from "./figures";

export function CoverageBar(props: { of: Coverage }): JSX.Element {
  return (
    <span class="coverage" title={props.of.reason ?? `${count(props.of.by_all)} of ${count(props.of.calls)} calls told by all of ${props.of.witnesses.join(", ")}`}>
      <Show when={props.of.share !== null}><meter class="coverage-bar" min={0} max={1} value={props.of.share ?? 0} aria-label="Coverage" /></Show>
      <span class={props.of.complete ? "" : "quiet"}>{coverageText(props.of)}</span>
    </span>
  );
}

export function CoveragePart(props: { of: SessionWhole }): JSX.Element {
  const told = (): Coverage => props.of.coverage;
  return (
    <section class="session-coverage">
      <h2>Coverage</h2>
      <p>
        <CoverageBar of={told()} />{" "}
        <For each={Object.entries(told().by)}>{([name, calls]) => <span class="chip">{name} {count(calls)} of {count(told().calls)} calls</span>}</For>{" "}
        <span class="quiet">files looked at before and after: {count(told().snapshots)}</span>
      </p>
      <Show when={props.of.holes.length} fallback={<p class="quiet">Nothing is known to be missing.</p>}>
        <p class="warn">{count(told().holes)} {told().holes === 1 ? "hole" : "holes"}</p>
        <ul class="session-holes">
          <For each={props.of.holes}>
            {(hole) => (
              <li>
                <code>{hole.reason}</code> {hole.detail}{hole.use ? <> <span class="mono faint">{hole.use}</span></> : ""}
                <For each={hole.evidence ?? []}>{(id) => <> <A href={eventPath(id)}>event</A></>}</For>
              </li>
            )}
          </For>
        </ul>
      </Show>
    </section>
  );
}
