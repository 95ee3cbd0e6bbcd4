/** What every act upon evidence asks for: a code that is never erased, and words that may name people. */

import { createSignal, createUniqueId, For, Show, type Accessor, type JSX } from "solid-js";

export interface Why {
  readonly reason: string;
  readonly because: string;
}

interface Props {
  /** Codes that are offered. */
  readonly codes: readonly string[];
  readonly set: (why: Why) => void;
  readonly why: Why;
  /** Whether the first field of the form is this. */
  readonly isFirst?: boolean;
  /** Whether the act takes no words. */
  readonly isCodeOnly?: boolean;
}

const CODE = "[a-z][a-z0-9_.\\-]{0,39}";

/** The two fields' state, with a code that stands there at first. */
export function why(first = ""): [Accessor<Why>, (why: Why) => void] {
  const [said, setSaid] = createSignal<Why>({ reason: first, because: "" });
  return [said, setSaid];
}

export function Reason(props: Props): JSX.Element {
  const id = createUniqueId();
  return (
    <>
      <label>
        <span class="label">Reason (a code; it stands in the ledger for good, so it names nobody)</span>
        <input
          class="field mono" required maxlength="40" pattern={CODE} title="a small letter, then up to 39 of a-z 0-9 _ . -" list={id} autocomplete="off" autofocus={props.isFirst}
          value={props.why.reason} onInput={(event) => props.set({ ...props.why, reason: event.currentTarget.value })}
        />
      </label>
      <datalist id={id}><For each={props.codes}>{(code) => <option value={code} />}</For></datalist>
      <Show when={!props.isCodeOnly}>
        <label>
          <span class="label">Why, in words (may be left out)</span>
          <textarea class="field" maxlength="2000" value={props.why.because} onInput={(event) => props.set({ ...props.why, because: event.currentTarget.value })} />
        </label>
      </Show>
    </>
  );
}
