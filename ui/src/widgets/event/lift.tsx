/** Shows again what a redaction hides. */

import { createSignal, Show, type JSX } from "solid-js";
import { tell } from "~/state/notices";
import { Dialog } from "~/widgets/dialog";
import { Failed } from "~/widgets/states";
import { Reason } from "./reason";
import type { Remark } from "./shape";
import { work } from "./working";

export function LiftDialog(props: { remark: Remark; close: () => void; done: () => void }): JSX.Element {
  const [reason, setReason] = createSignal("");
  const [because, setBecause] = createSignal("");
  const [error, setError] = createSignal<unknown>();
  const { share, run } = work();
  async function send(propose: boolean): Promise<void> {
    try {
      const report = await run(`/v1/redactions/${props.remark.entry}/lift`, { reason: reason(), because: because(), propose });
      tell(report?.proposed ? "Proposed: another person has to agree." : "The record is shown again.", "good");
      props.close();
      props.done();
    } catch (caught) {
      setError(caught);
    }
  }
  return (
    <Dialog title="Show the record again" close={props.close}>
      <form class="stack" onSubmit={(event) => { event.preventDefault(); void send(false); }}>
        <p>Every view, search and export shows it again, to whoever may read evidence. That you lifted the redaction is an entry.</p>
        <Reason codes={["mistake", "order_ended", "review"]} reason={reason()} setReason={setReason} because={because()} setBecause={setBecause} />
        <Refused error={error()} propose={() => void send(true)} />
        <Working share={share()} />
        <footer><button type="button" class="button" onClick={() => props.close()}>Leave it hidden</button><button class="button primary" disabled={share() !== undefined || !reason()}>Show it again</button></footer>
      </form>
    </Dialog>
  );
}

/** Why something was refused; where it takes two persons, with a way to propose it. */
export function Refused(props: { error: unknown; propose?: () => void }): JSX.Element {
  const isForTwo = (): boolean => (props.error as { code?: string } | undefined)?.code === "conflict.two_persons";
  return (
    <Show when={props.error}>
      <Failed error={props.error} />
      <Show when={isForTwo() && props.propose}><p><button type="button" class="button" onClick={() => props.propose!()}>Propose it to a second person</button></p></Show>
    </Show>
  );
}

export function Working(props: { share: number | undefined }): JSX.Element {
  return (
    <Show when={props.share !== undefined}>
      <label class="quiet">The index is computed again: {Math.round(props.share! * 100)} %<progress class="working" max="1" value={props.share} /></label>
    </Show>
  );
}
