/** Asks before something that cannot be taken back, says what it will do, and asks for the reason the server wants. */

import { createSignal, Show, type JSX, type ParentProps } from "solid-js";
import { Problem } from "~/api/problem";
import { Dialog } from "./dialog";
import { sentence } from "./states";

interface Props {
  readonly title: string;
  /** What the button does, as a verb: "Revoke". */
  readonly verb: string;
  readonly close: () => void;
  /** Called with the reason; the dialog closes when it is done, and tells where it failed. */
  readonly act: (reason: string) => Promise<unknown>;
  /** Ask for a reason, which is kept in the ledger for good. */
  readonly reason?: { readonly label: string; readonly code?: boolean };
  readonly isHarmless?: boolean;
  /** Offered where the tenant asks for two persons: one proposes it, another approves. */
  readonly propose?: (reason: string) => Promise<unknown>;
}

export function Confirm(props: ParentProps<Props>): JSX.Element {
  const [reason, setReason] = createSignal("");
  const [error, setError] = createSignal<unknown>();
  const [isBusy, setBusy] = createSignal(false);
  const asksTwo = (): boolean => {
    const found = error();
    return props.propose !== undefined && found instanceof Problem && found.code === "conflict.two_persons";
  };
  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    try {
      await (asksTwo() ? props.propose! : props.act)(reason().trim());
      props.close();
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  }
  return (
    <Dialog title={props.title} close={props.close}>
      <form class="stack" onSubmit={(event) => void submit(event)}>
        <div>{props.children}</div>
        <Show when={props.reason}>
          <label>
            <span class="label">{props.reason!.label}</span>
            <input class="field" required autofocus maxlength={props.reason!.code ? 40 : 2000} value={reason()} onInput={(event) => setReason(event.currentTarget.value)} />
          </label>
        </Show>
        <Show when={error()}>{(found) => <Wrong error={found()} />}</Show>
        <footer>
          <button type="button" class="button" onClick={() => props.close()}>Cancel</button>
          <button class="button" classList={{ danger: !props.isHarmless, primary: props.isHarmless ?? false }} disabled={isBusy()}>{asksTwo() ? "Propose it to a second person" : props.verb}</button>
        </footer>
      </form>
    </Dialog>
  );
}

/** Why a form was not taken, beside its fields. */
export function Wrong(props: { error: unknown }): JSX.Element {
  const problem = (): Problem | undefined => (props.error instanceof Problem ? props.error : undefined);
  return (
    <p class="bad" role="alert">
      {sentence(props.error instanceof Error ? props.error.message : String(props.error))}{" "}
      <Show when={problem()?.body.expected}>Expected: {problem()!.body.expected}. </Show>
      <Show when={problem()?.body.got}>Got: {problem()!.body.got}. </Show>
      <Show when={problem()?.body.hint}>{sentence(problem()!.body.hint)}</Show>
    </p>
  );
}
