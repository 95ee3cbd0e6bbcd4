/** A dialog over the page: the browser's own, which keeps the focus inside and gives it back. */

import { onCleanup, onMount, type JSX, type ParentProps } from "solid-js";
import { Icon } from "./icon";
import "./dialog.css";

interface DialogProps {
  readonly title: string;
  readonly close: () => void;
  readonly wide?: boolean;
  readonly bare?: boolean;
  /** Whether it stays open whatever is pressed: what was begun in it is not done. */
  readonly isHeld?: boolean;
}

export function Dialog(props: ParentProps<DialogProps>): JSX.Element {
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
  const leave = (): void => void (props.isHeld || element.close());
  // A browser closes a dialog that is left twice in a row without asking.
  const closed = (): void => void (isGone || (props.isHeld ? element.showModal() : props.close()));
  return (
    <dialog
      ref={element} class="dialog" classList={{ wide: props.wide ?? false, bare: props.bare ?? false }} aria-label={props.title}
      onCancel={(event) => props.isHeld && event.preventDefault()} onClose={closed} onClick={(event) => event.target === element && leave()}
    >
      <div class="dialog-inside">
        {props.bare ? null : (
          <div class="dialog-head">
            <h2 class="spread">{props.title}</h2>
            <button class="button bare icon" aria-label="Close" disabled={props.isHeld} onClick={leave}><Icon name="close" /></button>
          </div>
        )}
        {props.children}
      </div>
    </dialog>
  );
}
