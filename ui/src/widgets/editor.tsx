/** Text that is written line by line: numbers beside the lines, and a mark at the one with a fault. */

import { createMemo, For, type JSX } from "solid-js";
import "./editor.css";

interface Props {
  readonly text: string;
  readonly set: (text: string) => void;
  readonly label: string;
  /** The line that has a fault, from 1. */
  readonly fault?: number | undefined;
  readonly isInvalid?: boolean;
  /** The id of what says what is wrong. */
  readonly describedBy?: string;
  readonly ref?: (field: HTMLTextAreaElement) => void;
}

const LEAST = 16;
const MOST = 32;

export function Editor(props: Props): JSX.Element {
  let gutter!: HTMLDivElement;
  const lines = createMemo(() => props.text.split("\n").length);
  return (
    <div class="editor panel">
      <div class="gutter mono" ref={gutter} aria-hidden="true"><For each={Array.from({ length: lines() }, (_, i) => i + 1)}>{(line) => <div classList={{ fault: props.fault === line }}>{line}</div>}</For></div>
      <textarea
        ref={(field) => props.ref?.(field)} class="mono" aria-label={props.label} spellcheck={false} autocomplete="off" wrap="off" rows={Math.min(MOST, Math.max(LEAST, lines() + 1))}
        aria-invalid={props.isInvalid ?? props.fault !== undefined} aria-describedby={props.describedBy} value={props.text}
        onInput={(event) => props.set(event.currentTarget.value)}
        onScroll={(event) => { gutter.scrollTop = event.currentTarget.scrollTop; }}
      />
    </div>
  );
}
