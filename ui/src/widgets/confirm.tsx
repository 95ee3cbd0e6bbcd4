/** Asks before something that cannot be taken back, says what it will do, and asks for the reason the server wants. */

import { createSignal, Show, type JSX, type ParentProps } from "solid-js";
import { FormDialog } from "./form-dialog";

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
  const said = (): string => reason().trim();
  return (
    <FormDialog
      title={props.title} verb={props.verb} close={props.close} isDanger={!props.isHarmless} isReady={!props.reason || said() !== ""}
      act={async () => void (await props.act(said()))} propose={props.propose && (async () => void (await props.propose!(said())))}
    >
      <div>{props.children}</div>
      <Show when={props.reason}>
        <label>
          <span class="label">{props.reason!.label}</span>
          <input class="field" required autofocus maxlength={props.reason!.code ? 40 : 2000} value={reason()} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
      </Show>
    </FormDialog>
  );
}
