/** Holds all of a case against the ledger: every pin, and every event that notes and hypotheses name. */

import { A } from "@solidjs/router";
import { createSignal, For, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { tellError } from "~/state/notices";
import { Integrity } from "~/widgets/event-line";
import { count } from "~/widgets/text";
import { useCase } from "./context";
import type { components } from "~/api/schema";

type Check = components["schemas"]["CaseCheck"];

export function CheckAll(): JSX.Element {
  const { one } = useCase();
  const [busy, setBusy] = createSignal(false);
  const [came, setCame] = createSignal<Check>();
  async function check(): Promise<void> {
    setBusy(true);
    try {
      setCame(await held(api.GET("/v1/cases/{case}/check", { params: { path: { case: one().id } } })));
    } catch (error) {
      tellError(error);
    } finally {
      setBusy(false);
    }
  }
  return (
    <>
      <div class="row">
        <button class="button" disabled={busy()} onClick={() => void check()}>{busy() ? "Checking …" : "Check all against the ledger"}</button>
        <span role="status">
          <Show when={came()} fallback={<span class="quiet">Every pin, and every event that notes and hypotheses name.</span>}>
            {(told) => (
              <span class={told().ok ? "good" : "bad"}>
                {told().ok ? "✓" : "✗"} {count(told().checked)} checked: {said(told())}
              </span>
            )}
          </Show>
        </span>
      </div>
      <Show when={came()?.altered_events?.length}>
        <div class="state failed">
          <h2>Not what was pinned</h2>
          <ul class="stack tight"><For each={came()!.altered_events}>{(fault) => <li class="row"><A class="mono" href={`/events/${fault.event_id}`}>{fault.event_id}</A><Integrity of={fault.integrity} words />{fault.reason}</li>}</For></ul>
          <p class="quiet">Whether the ledger as a whole is as it was signed: <A href="/integrity">Integrity</A>, or <code>vestige ledger verify</code>.</p>
        </div>
      </Show>
    </>
  );
}

/** The states that there are, with how many of each. */
function said(told: Check): string {
  const parts = (["intact", "erased", "altered", "missing"] as const).filter((state) => told[state]).map((state) => `${count(told[state]!)} ${state}`);
  return parts.join(", ") || "nothing is named in it";
}
