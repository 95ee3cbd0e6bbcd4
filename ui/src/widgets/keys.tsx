/** A verifier key that nobody compared yet: its fingerprint to read to somebody, and a way to pin it then. */

import { createSignal, Show, type JSX } from "solid-js";
import type { VerifierKey } from "~/base/proof/note";
import { isPinned, pinKey } from "~/state/keys";
import { tell } from "~/state/notices";
import { copy } from "./text";
import "./keys.css";

export function KeyToCompare(props: { of: VerifierKey; pinned: () => void }): JSX.Element {
  const [compared, setCompared] = createSignal(false);
  function pin(): void {
    pinKey(props.of.text);
    tell("The key is pinned in this browser.", "good");
    props.pinned();
  }
  return (
    <section class="compare" aria-label="A key to compare">
      <h2>{isPinned(props.of.text) ? "A key that you pinned" : "Compare this key before you trust it"}</h2>
      <p class="quiet">
        Ask somebody you trust, over another way than this page, what <code>vestige ledger keys</code> prints for this log, or what the
        organisation publishes. If the text is the same, the key is; if only read aloud, compare the fingerprint.
      </p>
      <dl class="facts">
        <dt>Key</dt><dd><button class="digest mono" title="Copy the key" onClick={() => void copy(props.of.text)}>{props.of.text}</button></dd>
        <dt>Fingerprint</dt><dd class="mono">{props.of.fingerprint}</dd>
      </dl>
      <Show when={!isPinned(props.of.text)}>
        <label class="row"><input type="checkbox" checked={compared()} onChange={(event) => setCompared(event.currentTarget.checked)} />I compared it with what somebody I trust has, and it is the same</label>
        <p><button class="button" disabled={!compared()} onClick={pin}>Pin this key in this browser</button></p>
      </Show>
    </section>
  );
}
