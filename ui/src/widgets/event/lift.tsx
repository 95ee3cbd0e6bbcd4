/** Shows again what a redaction hides. */

import { Show, type JSX } from "solid-js";
import { tell } from "~/state/notices";
import { FormDialog } from "~/widgets/form-dialog";
import { Reason, why } from "~/widgets/reason";
import type { Remark } from "./shape";
import { work } from "./working";

export function LiftDialog(props: { remark: Remark; close: () => void; done: () => void }): JSX.Element {
  const [said, setSaid] = why();
  const { share, run } = work();
  async function send(propose: boolean): Promise<void> {
    const report = await run(`/v1/redactions/${props.remark.entry}/lift`, { ...said(), propose });
    tell(report?.proposed ? "Proposed: another person has to agree." : "The record is shown again.", "good");
    props.done();
  }
  return (
    <FormDialog title="Show the record again" verb="Show it again" leave="Leave it hidden" close={props.close} act={() => send(false)} propose={() => send(true)} isReady={said().reason !== ""}>
      <p>Every view, search and export shows it again, to whoever may read evidence. That you lifted the redaction is an entry.</p>
      <Reason codes={["mistake", "order_ended", "review"]} why={said()} set={setSaid} isFirst />
      <Working share={share()} />
    </FormDialog>
  );
}

export function Working(props: { share: number | undefined }): JSX.Element {
  return (
    <Show when={props.share !== undefined}>
      <label class="quiet">The index is computed again: {Math.round(props.share! * 100)} %<progress class="working" max="1" value={props.share} /></label>
    </Show>
  );
}
