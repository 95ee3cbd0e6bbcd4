/** The two fields every act upon evidence asks for: a code that is never erased, and words that may name people. */

import { For, type JSX } from "solid-js";

export function Reason(props: { codes: readonly string[]; reason: string; setReason: (text: string) => void; because: string; setBecause: (text: string) => void }): JSX.Element {
  const id = `codes-${props.codes[0]}`;
  return (
    <>
      <label>
        <span class="label">Reason (a code; it stands in the ledger for good, so it names nobody)</span>
        <input class="field mono" required maxlength="40" list={id} autocomplete="off" value={props.reason} onInput={(event) => props.setReason(event.currentTarget.value)} />
      </label>
      <datalist id={id}><For each={props.codes}>{(code) => <option value={code} />}</For></datalist>
      <label>
        <span class="label">Why, in words (may be left out)</span>
        <textarea class="field" maxlength="2000" value={props.because} onInput={(event) => props.setBecause(event.currentTarget.value)} />
      </label>
    </>
  );
}
