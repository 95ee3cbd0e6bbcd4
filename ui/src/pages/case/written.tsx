/** Who said something and when, and taking it away. */

import { createSignal, Show, type JSX } from "solid-js";
import type { CaseItem } from "~/api/cases";
import { tell } from "~/state/notices";
import { Confirm } from "~/widgets/confirm";
import { Time } from "~/widgets/text";
import { useCase } from "./context";
import { removeItem } from "./items";

export function Written(props: { of: CaseItem }): JSX.Element {
  return (
    <span class="quiet small" title={props.of.revision > 1 ? `Changed; first said by ${props.of.added_by || "somebody whose name was erased"}` : undefined}>
      {props.of.updated_by}, <Time at={props.of.updated_at} precision="minute" />{props.of.revision > 1 ? ", changed" : ""}
    </span>
  );
}

export function TakeAway(props: { of: CaseItem; name: string; done: () => void }): JSX.Element {
  const { one } = useCase();
  const [asking, setAsking] = createSignal(false);
  async function take(): Promise<void> {
    await removeItem(one().id, props.of.id);
    tell("Taken away; what it said stays in the ledger.", "good");
    props.done();
  }
  return (
    <>
      <button class="button compact" aria-label={`Take away ${props.name}`} onClick={() => setAsking(true)}>Take away</button>
      <Show when={asking()}>
        <Confirm title={`Take away ${props.name}?`} verb="Take it away" close={() => setAsking(false)} act={take}>
          <p>It is shown in the case no more. What it said stays in the ledger and under Activity, as does that you took it away.</p>
        </Confirm>
      </Show>
    </>
  );
}
