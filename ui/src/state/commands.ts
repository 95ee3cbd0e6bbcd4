/**
 * What can be done here, by name and by key: the palette lists it, `?` shows it, keys call it.
 *
 * A page registers its commands when it is shown; they go with it. Letters are compared by what they type, so they lie
 * where the keyboard's layout has them.
 */

import { createSignal, onCleanup } from "solid-js";

export interface Command {
  readonly id: string;
  readonly title: string;
  /** Under which heading `?` shows it. */
  readonly group: string;
  /** `"w"`, `"Shift+Enter"`, `"Ctrl+k"`: all of them call it. */
  readonly keys?: readonly string[];
  readonly run: () => void;
  /** Whether keys call it also while somebody types in a field. */
  readonly typing?: boolean;
  /** Left out of the palette: what makes sense by key alone. */
  readonly hidden?: boolean;
}

const [commands, setCommands] = createSignal<readonly Command[]>([]);
export { commands };

/** Offer commands for as long as whoever calls this is shown. */
export function offer(...added: Command[]): void {
  setCommands((there) => [...there, ...added]);
  onCleanup(() => setCommands((there) => there.filter((one) => !added.includes(one))));
}

/** How a key press is named: modifiers in a fixed order, then the key. */
export function nameOf(event: KeyboardEvent): string {
  const shift = event.shiftKey && (event.key.length > 1 || /[a-z]/i.test(event.key));
  const key = event.key.length === 1 && /[A-Z]/.test(event.key) ? event.key.toLowerCase() : event.key;
  return [event.ctrlKey || event.metaKey ? "Ctrl" : "", event.altKey ? "Alt" : "", shift ? "Shift" : "", key].filter(Boolean).join("+");
}

const FIELDS = "input, textarea, select, [contenteditable=true], [role=textbox]";

/** Call what a key is for. The command registered last is meant: that of what was opened last. */
export function pressed(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  // What lies under an open dialog is not meant; and Escape must reach the browser, which closes the dialog.
  if (document.querySelector("dialog:modal")) return;
  const name = nameOf(event);
  const at = event.target instanceof Element ? event.target : undefined;
  // For a moment the focus is still in a field of a dialog that was closed.
  const typing = !!at?.closest(FIELDS) && !at.closest("dialog:not([open])");
  const found = commands().findLast((one) => one.keys?.includes(name) && (!typing || one.typing));
  if (!found) return;
  event.preventDefault();
  found.run();
}
