/** Sets the fields of a case. What somebody else set meanwhile is shown and not overwritten unasked. */

import { createSignal, For, Show, type JSX } from "solid-js";
import { caseOf, changeCase, type CaseFields, type ShownCase } from "~/api/cases";
import { isStale } from "~/api/problem";
import { tell } from "~/state/notices";
import { FormDialog } from "~/widgets/form-dialog";
import { useCase } from "./context";
import { differing, listOf, type Difference } from "./fields";

export function Edit(props: { close: () => void }): JSX.Element {
  const { one, refresh } = useCase();
  // As it was when the dialog was opened: a refresh behind it does not change what the change rests on.
  const begun = one();
  const [rests, setRests] = createSignal<ShownCase>(begun);
  const [name, setName] = createSignal(begun.name);
  const [description, setDescription] = createSignal(begun.description);
  const [owner, setOwner] = createSignal(begun.owner);
  const [members, setMembers] = createSignal(begun.members.join(", "));
  const [tags, setTags] = createSignal(begun.tags.join(", "));
  const [theirs, setTheirs] = createSignal<readonly Difference[]>([]);

  const mine = (): CaseFields => ({ name: name().trim(), description: description(), owner: owner().trim(), members: listOf(members()), tags: listOf(tags()) });

  async function save(): Promise<boolean> {
    try {
      // Only what was changed here is sent: what somebody else changed besides stays theirs.
      const body = Object.fromEntries(differing(begun, mine()).map(({ field }) => [field, mine()[field]])) as CaseFields;
      if (Object.keys(body).length) {
        await changeCase(begun.id, body, rests().revision);
        tell("The case was changed.", "good");
      }
    } catch (cause) {
      if (!isStale(cause)) throw cause;
      const now = await caseOf(begun.id);
      setTheirs(differing(begun, now));
      setRests(now);
      return false;
    }
    return true;
  }

  return (
    <FormDialog
      title="Edit the case" verb={theirs().length ? "Save mine over it" : "Save"} leave={theirs().length ? "Keep theirs" : "Cancel"}
      close={() => { refresh(); props.close(); }} act={save} isReady={name().trim() !== ""}
    >
      <label><span class="label">Name</span><input class="field" autofocus required maxlength="200" value={name()} onInput={(event) => setName(event.currentTarget.value)} /></label>
      <label><span class="label">What it is about</span><textarea class="field" maxlength="5000" value={description()} onInput={(event) => setDescription(event.currentTarget.value)} /></label>
      <label><span class="label">Owner</span><input class="field" maxlength="200" value={owner()} onInput={(event) => setOwner(event.currentTarget.value)} /></label>
      <label><span class="label">Members, with commas between</span><input class="field" value={members()} onInput={(event) => setMembers(event.currentTarget.value)} /></label>
      <label><span class="label">Tags, with commas between</span><input class="field" value={tags()} onInput={(event) => setTags(event.currentTarget.value)} /></label>
      <Show when={theirs().length}>
        <div class="state failed" role="alert">
          <h2>Somebody changed this case meanwhile</h2>
          <p>Nothing of yours was saved. {rests().updated_by} set:</p>
          <dl class="facts"><For each={theirs()}>{(one) => <><dt>{one.field}</dt><dd>{one.after || "nothing"} <span class="quiet">(it was {one.before || "nothing"})</span></dd></>}</For></dl>
          <p class="quiet">Saving again sets only the fields that you changed here, over theirs where both did.</p>
        </div>
      </Show>
    </FormDialog>
  );
}
