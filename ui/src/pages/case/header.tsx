/** What a case is called, how far it is, whose it is, and whether what is pinned in it is as it was. */

import { createSignal, For, Show, type JSX } from "solid-js";
import { A } from "@solidjs/router";
import { changeCase, STATUSES, type CaseStatus } from "~/api/cases";
import { Problem } from "~/api/problem";
import { offer } from "~/state/commands";
import { tell, tellError } from "~/state/notices";
import { may } from "~/state/session";
import { Status } from "~/widgets/case-status";
import { Icon } from "~/widgets/icon";
import { count, Time } from "~/widgets/text";
import { useCase } from "./context";
import { Edit } from "./edit";
import { Select } from "./select";

export function Header(): JSX.Element {
  const { one, isOpen, refresh } = useCase();
  const [editing, setEditing] = createSignal(false);
  const [selecting, setSelecting] = createSignal(false);
  const edit = (): void => void (isOpen() && setEditing(true));
  const select = (): void => void (isOpen() && setSelecting(true));
  offer(
    { id: "case.edit", title: "Case: edit its fields", group: "Case", keys: ["e"], run: edit },
    { id: "case.select", title: "Case: pin events by a query", group: "Case", keys: ["s"], run: select },
  );

  async function set(status: CaseStatus, isUndo = false): Promise<void> {
    const before = one().status;
    try {
      await changeCase(one().id, { status }, one().revision);
      tell(`The case is ${status}.`, "good", isUndo ? undefined : () => void set(before, true));
    } catch (error) {
      if (error instanceof Problem && error.code === "conflict.stale") tell("Somebody changed this case meanwhile; nothing was changed by you. What it is now is shown.", "bad");
      else tellError(error);
    }
    refresh();
  }

  return (
    <header class="case-head">
      <p class="quiet"><A href="/cases">Cases</A></p>
      <div class="row">
        <h1>{one().name}</h1>
        <Show when={may("cases.write")} fallback={<Status of={one().status} />}>
          <select class="field compact" aria-label="Status" value={one().status} onChange={(event) => void set(event.currentTarget.value as CaseStatus)}>
            <For each={STATUSES}>{(status) => <option value={status}>{status}</option>}</For>
          </select>
        </Show>
        <Whole />
        <span class="spread" />
        <Show when={isOpen()}>
          <Show when={may("evidence.read")}><button class="button" onClick={select}><Icon name="pin" />Pin by a query</button></Show>
          <button class="button" onClick={edit}>Edit</button>
        </Show>
      </div>
      <Show when={one().description}><p class="description">{one().description}</p></Show>
      <dl class="line-facts">
        <div><dt>Owner</dt><dd>{one().owner || "nobody"}</dd></div>
        <Show when={one().members.length}><div><dt>Members</dt><dd>{one().members.join(", ")}</dd></div></Show>
        <Show when={one().tags.length}><div><dt>Tags</dt><dd class="row tags"><For each={one().tags}>{(tag) => <span class="chip">{tag}</span>}</For></dd></div></Show>
        <div><dt>Made</dt><dd><Time at={one().created_at} precision="minute" /> by {one().created_by || "somebody whose name was erased"}</dd></div>
        <div><dt>Changed</dt><dd><Time at={one().updated_at} precision="minute" /> by {one().updated_by}</dd></div>
        <Show when={one().claimed_created_by}>{(claim) => <div><dt>Claimed</dt><dd title="What the request that made it said; nobody vouches for it">made by {claim()}</dd></div>}</Show>
      </dl>
      <Show when={may("cases.write") && !isOpen()}>
        <p class="warn">This case is {one().status}: nothing is pinned, said or taken away in it until it has another status.</p>
      </Show>
      <Show when={selecting()}><Select close={() => setSelecting(false)} /></Show>
      <Show when={editing()}><Edit close={() => setEditing(false)} /></Show>
    </header>
  );
}

/** In words whether what is pinned is as it was: of all, or of as much as was looked at. */
function Whole(): JSX.Element {
  const { one } = useCase();
  const state = () => one().integrity;
  const wrong = (): number => (state().altered ?? 0) + (state().missing ?? 0);
  const part = (): string => (state().checked < state().of ? ` of the first ${count(state().checked)}; check all of them under Pins` : "");
  return (
    <Show when={state().of > 0} fallback={<span class="quiet">Nothing is pinned yet</span>}>
      <Show when={wrong() === 0} fallback={<strong class="bad" role="alert">✗ {count(wrong())} pinned {wrong() === 1 ? "event is" : "events are"} not what was pinned: see Pins</strong>}>
        <span class="good">
          ✓ {count(state().intact ?? 0)} pinned, intact{part()}<Show when={state().erased}>{(erased) => <>; {count(erased())} erased</>}</Show>
        </span>
      </Show>
    </Show>
  );
}
