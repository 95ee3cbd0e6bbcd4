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

// No signal holds them: while a page takes the place of another the router has two states of every signal, and what one
// page takes out would come back with the other.
const offered = new Set<Command>();
const [changes, setChanges] = createSignal(0);
const changed = (): void => void setChanges((number) => number + 1);

/** Those on offer, in the order they came. */
export function commands(): readonly Command[] {
  changes();
  return [...offered];
}

/** Offer commands for as long as whoever calls this is there. */
export function offer(...added: Command[]): void {
  for (const one of added) offered.add(one);
  changed();
  onCleanup(() => {
    for (const one of added) offered.delete(one);
    changed();
  });
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
