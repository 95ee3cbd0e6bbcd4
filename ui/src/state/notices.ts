/** Short words about what was just done, or failed: shown at the edge, read aloud, gone when read. */

import { createSignal } from "solid-js";

export interface Notice {
  readonly id: number;
  readonly tone: "good" | "bad" | "plain";
  readonly text: string;
  readonly undo?: () => void;
  /** Where what was done can be seen. */
  readonly place?: Place;
}

export interface Place {
  readonly name: string;
  readonly href: string;
}

const SHOWN_MS = 6000;
const [notices, setNotices] = createSignal<readonly Notice[]>([]);
export { notices };
let last = 0;

export function tell(text: string, tone: Notice["tone"] = "plain", undo?: () => void, place?: Place): void {
  const notice: Notice = { id: ++last, tone, text, ...(undo ? { undo } : {}), ...(place ? { place } : {}) };
  setNotices((there) => [...there.slice(-3), notice]);
  // What failed stays until it was read.
  if (tone !== "bad") setTimeout(() => dismiss(notice.id), SHOWN_MS);
}

export function dismiss(id: number): void {
  setNotices((there) => there.filter((one) => one.id !== id));
}

/** Tell why something failed. */
export function tellError(error: unknown): void {
  if (error instanceof DOMException && error.name === "AbortError") return;
  tell(error instanceof Error ? error.message : String(error), "bad");
}
