/**
 * Verifier keys that somebody compared and then pinned in this browser. Nothing else is trusted here: a server could
 * name any key as its own.
 */

import { createSignal } from "solid-js";
import { VerifierKey } from "~/base/proof/note";

export interface PinnedKey {
  readonly vkey: string;
  /** When it was pinned, RFC 3339. */
  readonly since: string;
}

const PLACE = "vestige.keys";
const MOST = 200;

function read(): PinnedKey[] {
  try {
    const found = JSON.parse(localStorage.getItem(PLACE) ?? "[]") as PinnedKey[];
    // What lies there may be anything: what is no key is no pinned key.
    return found.filter((one) => typeof one.since === "string" && keyOf(one.vkey)).slice(0, MOST);
  } catch {
    return [];
  }
}

const [pinned, setPinned] = createSignal<readonly PinnedKey[]>(read());
addEventListener("storage", (event) => event.key === PLACE && setPinned(read()));

/** The keys pinned in this browser, the oldest first. */
export const pinnedKeys = pinned;

/** The key a text is, or nothing. */
export function keyOf(vkey: string): VerifierKey | undefined {
  try {
    return new VerifierKey(vkey);
  } catch {
    return undefined;
  }
}

export const isPinned = (vkey: string): boolean => pinned().some((one) => one.vkey === vkey);

/** Pinned keys of a log, by its origin. */
export const keysOf = (origin: string): VerifierKey[] => pinned().map((one) => new VerifierKey(one.vkey)).filter((key) => key.name === origin);

function keep(next: readonly PinnedKey[]): void {
  setPinned(next);
  localStorage.setItem(PLACE, JSON.stringify(next));
}

/** Trust a key from now on. @throws Bad the text is no verifier key. */
export function pinKey(vkey: string): void {
  const key = new VerifierKey(vkey.trim());
  if (!isPinned(key.text)) keep([...pinned(), { vkey: key.text, since: new Date().toISOString() }].slice(-MOST));
}

export const unpinKey = (vkey: string): void => keep(pinned().filter((one) => one.vkey !== vkey));
