/** An entity's events, the newest or the oldest first, from an instant on; the undated ones by themselves. */

import { useSearchParams } from "@solidjs/router";
import { createMemo, Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { EventShape } from "~/api/shapes";
import { toText, type Instant } from "~/base/instant";
import type { Span } from "~/base/span";
import { paged } from "~/state/paged";
import { Answer } from "~/widgets/answer";
import { EVENT_COLUMNS } from "~/widgets/event_columns";
import { Rows } from "~/widgets/rows";
import { Empty } from "~/widgets/states";
import { count, Time } from "~/widgets/text";
import type { Entity } from "./kinds";

const PAGE = 200;

export function EntityEvents(props: { entity: Entity; from: Instant | undefined; span: Span | undefined; clear: () => void }): JSX.Element {
  const [asked, ask] = useSearchParams<{ order: string; undated: string }>();
  const question = createMemo(() => ({
    entity_id: props.entity.id, order: asked.order === "desc" && props.from === undefined ? "desc" as const : "asc" as const,
    undated: asked.undated === "yes", start: props.from === undefined ? undefined : toText(props.from),
  }), undefined, { equals: (a, b) => JSON.stringify(a) === JSON.stringify(b) });
  const list = paged(question, async (what, cursor, signal) => {
    const found = await held(api.GET("/v1/entities/{entity_id}/timeline", {
      params: {
        path: { entity_id: what.entity_id },
        query: { limit: PAGE, order: what.order, undated: what.undated, ...(what.start && !what.undated ? { start: what.start } : {}), ...(cursor ? { cursor } : {}) },
      },
      signal,
    }));
    return { items: found.events as EventShape[], next: found.next_cursor };
  });
  return (
    <section class="stack" aria-label="Events">
      <div class="row">
        <Show
          when={props.from !== undefined}
          fallback={
            <button class="button" onClick={() => ask({ order: question().order === "asc" ? "desc" : undefined })}>
              {question().order === "asc" ? "Oldest first" : "Newest first"}
            </button>
          }
        >
          <span>From <Time at={toText(props.from!)} precision="second" /> on</span>
          <button class="button" onClick={() => props.clear()}>From the beginning</button>
        </Show>
        <Show when={props.entity.undated}>
          <button class="button" aria-pressed={question().undated} onClick={() => ask({ undated: question().undated ? undefined : "yes" })}>Undated: {count(props.entity.undated)}</button>
        </Show>
      </div>
      <Answer of={list} what="its events">
        {(rows) => (
          <Show when={rows().length} fallback={<Empty title="No events here">From this instant on there are none. Earlier ones are on the strip above.</Empty>}>
            <Rows label={`Events of ${props.entity.value}`} columns={EVENT_COLUMNS} rows={rows()} near={() => void list.more()} height="calc(100vh - 380px)" />
          </Show>
        )}
      </Answer>
    </section>
  );
}
