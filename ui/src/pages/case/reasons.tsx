/** Asks for the reason that the ledger keeps of an act of custody, says what the act will do, and does it. */

import { createSignal, Show, type JSX } from "solid-js";
import { FormDialog } from "~/widgets/form-dialog";
import { Reason, why, type Why } from "~/widgets/reason";

interface Props {
  readonly title: string;
  readonly says: string;
  readonly verb: string;
  /** Reasons that are offered; the first stands there at first. */
  readonly codes: readonly string[];
  /** Whether words and an end are asked for besides. */
  readonly words?: boolean;
  readonly isDanger?: boolean;
  readonly act: (why: Why, expires: string) => Promise<void>;
  readonly propose?: (why: Why) => Promise<void>;
  readonly close: () => void;
}

export function Reasons(props: Props): JSX.Element {
  const [said, setSaid] = why(props.codes[0]);
  const [expires, setExpires] = createSignal("");
  return (
    <FormDialog
      title={props.title} verb={props.verb} close={props.close} isDanger={props.isDanger ?? false} isReady={said().reason !== ""}
      act={() => props.act(said(), expires().trim())} propose={props.propose && (() => props.propose!(said()))}
    >
      <p>{props.says}</p>
      <Reason codes={props.codes} why={said()} set={setSaid} isFirst isCodeOnly={!props.words} />
      <Show when={props.words}>
        <label><span class="label">Ends by itself at (may be empty)</span><input class="field mono" placeholder="2027-06-30" maxlength="400" value={expires()} onInput={(event) => setExpires(event.currentTarget.value)} /></label>
      </Show>
    </FormDialog>
  );
}
