import { createSignal, Show, type JSX } from "solid-js";
import { newCase, type Case } from "~/api/cases";
import { tell } from "~/state/notices";
import { Dialog } from "~/widgets/dialog";
import { Failed } from "~/widgets/states";

export function NewCase(props: { close: () => void; made: (one: Case) => void }): JSX.Element {
  const [name, setName] = createSignal("");
  const [description, setDescription] = createSignal("");
  const [error, setError] = createSignal<unknown>();
  const [busy, setBusy] = createSignal(false);

  async function make(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (!name().trim() || busy()) return;
    setBusy(true);
    setError();
    try {
      const made = await newCase(name().trim(), description());
      tell(`Made the case ${made.name}.`, "good");
      props.close();
      props.made(made);
    } catch (cause) {
      setError(() => cause);
    } finally {
      setBusy(false);
    }
  }
  return (
    <Dialog title="New case" close={() => props.close()}>
      <form class="stack" onSubmit={(event) => void make(event)}>
        <label><span class="label">Name</span><input class="field" autofocus required maxlength="200" value={name()} onInput={(event) => setName(event.currentTarget.value)} /></label>
        <label><span class="label">What it is about</span><textarea class="field" maxlength="5000" value={description()} onInput={(event) => setDescription(event.currentTarget.value)} /></label>
        <Show when={error()}>{(cause) => <Failed error={cause()} />}</Show>
        <footer class="row">
          <span class="quiet spread">You are its owner. It is an entry of the ledger, under your name.</span>
          <button type="button" class="button" onClick={() => props.close()}>Cancel</button>
          <button class="button primary" disabled={busy() || !name().trim()}>{busy() ? "Making …" : "Make it"}</button>
        </footer>
      </form>
    </Dialog>
  );
}
