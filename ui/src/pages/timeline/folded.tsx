/** The events in view, those alike that follow one another closely as one line: who did the same again and again. */

import { createEffect, createSignal, For, on, onCleanup, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { EventShape } from "~/api/shapes";
import { parseInstant, showInstant, showLength, toText } from "~/base/instant";
import { narrowed } from "~/base/query";
import { clampSpan } from "~/base/span";
import { zone } from "~/state/preferences";
import { Failed, Waiting } from "~/widgets/states";
import { count } from "~/widgets/text";
import type { View } from "./view";

const PAGE = 200;
const RESTS_MS = 250;

interface Stack {
  readonly by: Readonly<Record<string, string>>;
  readonly events: number;
  readonly first: string;
  readonly last: string;
  readonly term: string;
  readonly ids: readonly string[];
  readonly event: EventShape;
}

/** What makes events alike: who did what, or the words of the message. */
export const FOLDS = { alike: "actor.id,type", template: "template" } as const;
export type Fold = keyof typeof FOLDS;

export function Folded(props: { view: View; fold: Fold }): JSX.Element {
  const [stacks, setStacks] = createSignal<readonly Stack[]>();
  const [next, setNext] = createSignal<string>();
  const [failure, setFailure] = createSignal<unknown>();
  let abort = new AbortController();
  onCleanup(() => abort.abort());

  async function ask(cursor?: string): Promise<void> {
    const span = props.view.span();
    if (!span) return;
    abort.abort();
    abort = new AbortController();
    const { signal } = abort;
    const query = { q: props.view.query(), start: toText(span.start), end: toText(span.end), order: "asc", by: FOLDS[props.fold], limit: PAGE, ...(cursor ? { cursor } : {}) };
    try {
      const found = (await held(api.GET("/v1/timeline/stacks", { params: { query }, signal }))) as unknown as { stacks: Stack[]; next_cursor?: string };
      if (signal.aborted) return;
      setStacks((there) => (cursor ? [...(there ?? []), ...found.stacks] : found.stacks));
      setNext(found.next_cursor);
      setFailure();
    } catch (error) {
      if (!signal.aborted) setFailure(error);
    }
  }
  createEffect(on([props.view.query, () => props.view.span(), () => props.fold], () => {
    const timer = setTimeout(() => void ask(), RESTS_MS);
    onCleanup(() => clearTimeout(timer));
  }));

  /** A line of one event is that event; one of several opens as the events it stands for. */
  function open(stack: Stack): void {
    if (stack.events === 1) return props.view.select(stack.ids[0]);
    const first = parseInstant(stack.first)!;
    const last = parseInstant(stack.last)!;
    const room = (last - first) / 20n + 1n;
    const span = clampSpan(first - room, last + room);
    props.view.open({ from: toText(span.start), to: toText(span.end), list: undefined as never, ...(stack.term ? { q: narrowed(props.view.query(), stack.term) } : {}) });
  }
  return (
    <Show when={!failure()} fallback={<Failed error={failure()} retry={() => void ask()} />}>
      <div class="list-scroll folded" tabindex="0" role="region" aria-label="Events in view, those alike folded">
        <table>
          <thead><tr><th>First ({zone()})</th><th class="number">Events</th><th>Over</th><th>type</th><th>actor</th><th>The first of them</th></tr></thead>
          <tbody>
            <For each={stacks()} fallback={<tr><td colspan="6" class="quiet"><Show when={stacks()} fallback={<Waiting what="events" />}>Nothing matches in this stretch of time.</Show></td></tr>}>
              {(stack) => (
                <tr classList={{ chosen: stack.ids.includes(props.view.selected() ?? "") }}>
                  <td class="mono">{showInstant(parseInstant(stack.first) ?? 0n, zone(), "milli")}</td>
                  <td class="number mono">{count(stack.events)}</td>
                  <td class="quiet">{stack.events > 1 ? showLength((parseInstant(stack.last) ?? 0n) - (parseInstant(stack.first) ?? 0n)) : ""}</td>
                  <td class="mono">{stack.event.event_type}</td>
                  <td class="mono">{stack.event.actor?.name ?? stack.event.actor?.id ?? ""}</td>
                  <td><button class="line" onClick={() => open(stack)}>{stack.event.message || stack.event.event_type}</button></td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
        <Show when={next()}><p class="nothing"><button class="button" onClick={() => void ask(next())}>More</button></p></Show>
      </div>
    </Show>
  );
}
