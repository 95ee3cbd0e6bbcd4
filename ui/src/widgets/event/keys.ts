/** What keys do with an event, wherever one is chosen: also while it is still read. */

import { useNavigate } from "@solidjs/router";
import { createEffect, createSignal, on, type Accessor } from "solid-js";
import { chainPath } from "~/base/paths";
import { offer } from "~/state/commands";
import { may } from "~/state/session";

/** Which event a key was pressed to pin: it is meant for that one alone, and pinned once that one was read. */
export const [toPin, setToPin] = createSignal<string>();

/** @param id of the event that is chosen; `undefined`: none. */
export function offerEventKeys(id: Accessor<string | undefined>): void {
  const go = useNavigate();
  createEffect(on(id, () => setToPin(), { defer: true }));
  offer({ id: "event.chain", title: "Follow the chain from the event", group: "Event", keys: ["c"], run: () => { const chosen = id(); if (chosen) go(chainPath(chosen)); } });
  if (may("cases.write")) offer({ id: "event.pin", title: "Pin the event to a case", group: "Event", keys: ["p"], run: () => setToPin(id()) });
}
