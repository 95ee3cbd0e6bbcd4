import { createSignal, type JSX } from "solid-js";
import { newCase, type Case } from "~/api/cases";
import { tell } from "~/state/notices";
import { FormDialog } from "~/widgets/form-dialog";

export function NewCase(props: { close: () => void; made: (one: Case) => void }): JSX.Element {
  const [name, setName] = createSignal("");
  const [description, setDescription] = createSignal("");

  async function make(): Promise<void> {
    const made = await newCase(name().trim(), description());
    tell(`Made the case ${made.name}.`, "good");
    props.made(made);
  }
  return (
    <FormDialog title="New case" verb="Make it" close={props.close} act={make} isReady={name().trim() !== ""} note="You are its owner. It is an entry of the ledger, under your name.">
      <label><span class="label">Name</span><input class="field" autofocus required maxlength="200" value={name()} onInput={(event) => setName(event.currentTarget.value)} /></label>
      <label><span class="label">What it is about</span><textarea class="field" maxlength="5000" value={description()} onInput={(event) => setDescription(event.currentTarget.value)} /></label>
    </FormDialog>
  );
}
