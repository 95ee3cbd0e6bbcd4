/** Asks for the reason that the ledger keeps of an act of custody, says what the act will do, and does it. */

import { createSignal, Show, type JSX } from "solid-js";
import { Problem } from "~/api/problem";
import { Dialog } from "~/widgets/dialog";
import { Failed } from "~/widgets/states";

interface Props {
  readonly title: string;
  readonly says: string;
  readonly verb: string;
  /** The reason that stands there at first. */
  readonly first: string;
  /** Whether words and an end are asked for besides. */
  readonly words?: boolean;
  readonly danger?: boolean;
  readonly act: (reason: string, because: string, expires: string, propose: boolean) => Promise<void>;
  readonly close: () => void;
}

const CODE = "[a-z][a-z0-9_.\\-]{0,39}";

export function Reasons(props: Props): JSX.Element {
  const [reason, setReason] = createSignal(props.first);
  const [because, setBecause] = createSignal("");
  const [expires, setExpires] = createSignal("");
  const [busy, setBusy] = createSignal(false);
  const [error, setError] = createSignal<unknown>();
  /** Where two persons are asked for, one can only propose. */
  const needsTwo = (): boolean => { const cause = error(); return cause instanceof Problem && cause.code === "conflict.two_persons"; };

  async function act(propose: boolean): Promise<void> {
    setBusy(true);
    try {
      await props.act(reason().trim(), because().trim(), expires().trim(), propose);
      props.close();
    } catch (cause) {
      setError(() => cause);
    } finally {
      setBusy(false);
    }
  }
  return (
    <Dialog title={props.title} close={() => props.close()}>
      <form class="stack" onSubmit={(event) => { event.preventDefault(); void act(false); }}>
        <p>{props.says}</p>
        <label>
          <span class="label">Reason, as a code: it is never erased, so it names nobody</span>
          <input class="field mono" autofocus required pattern={CODE} maxlength="40" value={reason()} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        <Show when={props.words}>
          <label><span class="label">Because (may be empty)</span><textarea class="field" maxlength="2000" value={because()} onInput={(event) => setBecause(event.currentTarget.value)} /></label>
          <label><span class="label">Ends by itself at (may be empty)</span><input class="field mono" placeholder="2027-06-30" maxlength="400" value={expires()} onInput={(event) => setExpires(event.currentTarget.value)} /></label>
        </Show>
        <Show when={error()}>{(cause) => <Failed error={cause()} />}</Show>
        <footer>
          <button type="button" class="button" onClick={() => props.close()}>Cancel</button>
          <Show when={needsTwo()} fallback={<button class="button" classList={{ danger: props.danger ?? false, primary: !props.danger }} disabled={busy()}>{props.verb}</button>}>
            <button type="button" class="button primary" disabled={busy()} onClick={() => void act(true)}>Propose it to a second person</button>
          </Show>
        </footer>
      </form>
    </Dialog>
  );
}
