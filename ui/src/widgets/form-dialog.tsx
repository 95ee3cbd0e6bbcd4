/**
 * A dialog with a form in it: fields, what went wrong, and two buttons. Closes when what it does is done, and not before:
 * whoever could leave it would not see what came of it, and could send the same again.
 *
 * Where the tenant asks for two persons the server refuses the act; then the same button proposes it.
 */

import { onCleanup, Show, type JSX, type ParentProps } from "solid-js";
import { Problem } from "~/api/problem";
import { acting } from "~/state/acting";
import { tellError } from "~/state/notices";
import { Dialog } from "./dialog";
import { Wrong } from "./states";

export interface FormDialogProps {
  readonly title: string;
  /** What the button does, as a verb: "Revoke". */
  readonly verb: string;
  readonly close: () => void;
  /** Does it. Answers `false` where the dialog is to stay; what is thrown is told beside the fields. */
  readonly act: () => Promise<unknown>;
  /** Offered where the tenant asks for two persons: one proposes it, another approves. */
  readonly propose?: (() => Promise<unknown>) | undefined;
  /** Whether the fields say enough to act upon. */
  readonly isReady?: boolean;
  /** Whether it takes something away that may be missed. */
  readonly isDanger?: boolean;
  /** What the other button says, where "Cancel" would leave open what is cancelled. */
  readonly leave?: string;
  /** What is good to know, beside the buttons. */
  readonly note?: string;
}

export function FormDialog(props: ParentProps<FormDialogProps>): JSX.Element {
  const { isBusy, error, run } = acting();
  const isReady = (): boolean => !isBusy() && (props.isReady ?? true);
  const asksTwo = (): boolean => {
    const found = error();
    return props.propose !== undefined && found instanceof Problem && found.code === "conflict.two_persons";
  };
  let isGone = false;
  onCleanup(() => (isGone = true));
  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (!isReady()) return;
    const isDone = await run(async () => (await (asksTwo() ? props.propose! : props.act)()) !== false);
    // The page was left meanwhile: another dialog may be open, which is not this one's to close.
    if (isGone) return void (error() && tellError(error()));
    if (isDone) props.close();
  }
  return (
    <Dialog title={props.title} close={() => props.close()} isHeld={isBusy()}>
      <form class="stack" aria-busy={isBusy()} onSubmit={(event) => void submit(event)}>
        {props.children}
        <Show when={error()}>{(found) => <Wrong error={found()} />}</Show>
        <footer class="row">
          <span class="quiet spread" role="status">{isBusy() ? "It is being done; this closes when it is." : props.note}</span>
          <button type="button" class="button" disabled={isBusy()} onClick={() => props.close()}>{props.leave ?? "Cancel"}</button>
          <button class="button" classList={{ danger: props.isDanger ?? false, primary: !props.isDanger }} disabled={!isReady()}>{asksTwo() ? "Propose it to a second person" : props.verb}</button>
        </footer>
      </form>
    </Dialog>
  );
}
