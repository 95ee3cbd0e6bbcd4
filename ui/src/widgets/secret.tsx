/** A secret that is shown once: the server keeps only its digest. */

import { Show, type JSX } from "solid-js";
import { Icon } from "./icon";
import { copy } from "./text";
import "./secret.css";

export function Secret(props: { of: string; what: string; until?: JSX.Element; done?: () => void }): JSX.Element {
  return (
    <div class="secret" role="status">
      <p><strong>{props.what}</strong> It is shown this once and kept nowhere: copy it now. {props.until}</p>
      <div class="row">
        <code class="mono spread">{props.of}</code>
        <button class="button primary" onClick={() => void copy(props.of)}><Icon name="copy" />Copy</button>
        <Show when={props.done}><button class="button" onClick={() => props.done!()}>I have it</button></Show>
      </div>
    </div>
  );
}

/** A text to copy as it stands: a configuration, a command. */
export function Copied(props: { text: string; label: string }): JSX.Element {
  return (
    <div class="copied">
      <pre tabindex="0" aria-label={props.label}>{props.text}</pre>
      <button class="button bare" aria-label={`Copy: ${props.label}`} onClick={() => void copy(props.text)}><Icon name="copy" />Copy</button>
    </div>
  );
}
