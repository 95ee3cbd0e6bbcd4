/** From when to when something is looked for: empty is from the beginning, or to the end. */

import type { JSX } from "solid-js";

export interface SpanText {
  readonly start: string;
  readonly end: string;
}

export function SpanFields(props: SpanText & { change: (span: SpanText) => void }): JSX.Element {
  return (
    <>
      <label class="choice">
        <span class="label">From</span>
        <input class="field mono" maxLength={40} placeholder="the beginning" value={props.start} onChange={(event) => props.change({ start: event.currentTarget.value.trim(), end: props.end })} />
      </label>
      <label class="choice">
        <span class="label">To</span>
        <input class="field mono" maxLength={40} placeholder="the end" value={props.end} onChange={(event) => props.change({ start: props.start, end: event.currentTarget.value.trim() })} />
      </label>
    </>
  );
}

/** A span as a request has it. */
export const spanOf = (span: SpanText): { start?: string; end?: string } => ({ ...(span.start ? { start: span.start } : {}), ...(span.end ? { end: span.end } : {}) });
