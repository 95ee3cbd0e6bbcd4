/** A dialog over the page: the browser's own, which keeps the focus inside and gives it back. */

import { onCleanup, onMount, type JSX, type ParentProps } from "solid-js";
import { Icon } from "./icon";
import "./dialog.css";

export function Dialog(props: ParentProps<{ title: string; close: () => void; wide?: boolean; bare?: boolean }>): JSX.Element {
  let element!: HTMLDialogElement;
  const before = document.activeElement;
  onMount(() => element.showModal());
  // The browser gives the focus back when a dialog is closed, not when it is taken out of the page; and while one is
  // open nothing outside of it takes the focus.
  let isGone = false;
  onCleanup(() => {
    isGone = true;
    element.close();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  });
  return (
    <dialog
      ref={element} class="dialog" classList={{ wide: props.wide ?? false, bare: props.bare ?? false }} aria-label={props.title}
      onClose={() => !isGone && props.close()} onClick={(event) => event.target === element && element.close()}
    >
      <div class="dialog-inside">
        {props.bare ? null : (
          <div class="dialog-head">
            <h2 class="spread">{props.title}</h2>
            <button class="button bare icon" aria-label="Close" onClick={() => element.close()}><Icon name="close" /></button>
          </div>
        )}
        {props.children}
      </div>
    </dialog>
  );
}
