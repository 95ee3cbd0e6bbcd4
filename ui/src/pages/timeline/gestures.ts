/** What keys do on the timeline. Letters as Perfetto has them, arrows as everybody expects them. */

import { useNavigate } from "@solidjs/router";
import type { Accessor } from "solid-js";
import { parseInstant } from "~/base/instant";
import { clampSpan, contains, pan, width, zoom, type Span } from "~/base/span";
import { offer } from "~/state/commands";
import type { List } from "./list";
import type { View } from "./view";

const STEP = 0.2;
const IN = 0.6;

export function createGestures(
  view: View, whole: Accessor<Span | undefined>, fitMatches: () => void, list: List, brush: Accessor<Span | undefined>, setBrush: (span: Span | undefined) => void, toggleTable: () => void,
): void {
  const go = useNavigate();
  const group = "Timeline";
  const moved = (change: (span: Span) => Span) => (): void => {
    const span = view.span();
    if (span) view.glide(change(span));
  };
  const chosen = () => list.events().find((one) => one.id === view.selected());
  /** Zoom about the chosen event where it is in view, else about the middle. */
  const about = (span: Span): number => {
    const at = chosen()?.occurred_at ? parseInstant(chosen()!.occurred_at!) : undefined;
    return at !== undefined && contains(span, at) ? Number(((at - span.start) * 1000n) / width(span)) / 1000 : 0.5;
  };
  function next(by: number): void {
    const events = list.events();
    const place = events.findIndex((one) => one.id === view.selected());
    const target = events[place < 0 ? (by > 0 ? 0 : events.length - 1) : place + by];
    if (target) view.select(target.id);
  }
  function fit(): void {
    const marked = brush();
    if (marked) {
      view.glide(marked);
      return setBrush(undefined);
    }
    const at = chosen()?.occurred_at ? parseInstant(chosen()!.occurred_at!) : undefined;
    const span = view.span();
    if (at === undefined || !span) return;
    const size = width(span) / 10n;
    view.glide(clampSpan(at - size / 2n, at + size / 2n));
  }
  offer(
    { id: "zoom-in", title: "Zoom in", group, keys: ["w", "+", "="], run: moved((span) => zoom(span, about(span), IN)) },
    { id: "zoom-out", title: "Zoom out", group, keys: ["s", "-"], run: moved((span) => zoom(span, about(span), 1 / IN)) },
    { id: "earlier", title: "Earlier", group, keys: ["a", "Shift+ArrowLeft"], run: moved((span) => pan(span, -STEP)) },
    { id: "later", title: "Later", group, keys: ["d", "Shift+ArrowRight"], run: moved((span) => pan(span, STEP)) },
    { id: "fit", title: "Fit the marked stretch, or the chosen event, into view", group, keys: ["f"], run: fit },
    { id: "whole", title: "Show all of the time there is", group, keys: ["0", "Home"], run: () => { const all = whole(); if (all) view.glide(all); } },
    { id: "fit-matches", title: "Fit what matches into view", group, keys: ["m"], run: fitMatches },
    { id: "next", title: "Next event", group, keys: [".", "]"], run: () => next(1) },
    { id: "previous", title: "Previous event", group, keys: [",", "["], run: () => next(-1) },
    { id: "clear", title: "Clear the choice and what is marked", group, keys: ["Escape"], run: () => { setBrush(undefined); view.select(undefined); } },
    { id: "zero", title: "Show times relative to the chosen event, or as they are", group, keys: ["r"], run: () => {
      const at = chosen()?.occurred_at ? parseInstant(chosen()!.occurred_at!) : undefined;
      view.relativeTo(view.zero() === undefined ? at : undefined);
    } },
    { id: "lanes-table", title: "Show the lanes as a table", group, keys: ["l"], run: toggleTable },
    { id: "list", title: "Go to the list of events", group, keys: ["t"], run: () => document.querySelector<HTMLElement>(".list-scroll")?.focus() },
    { id: "back", title: "Back to the view before", group, keys: ["Alt+ArrowLeft"], run: () => go(-1), hidden: true },
  );
}
