/** What the events in view have in common, with counts that follow the query and the time; a click keeps or leaves out. */

import { createEffect, createSignal, Index, on, onCleanup, Show, type Accessor, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import { toText } from "~/base/instant";
import { narrowed, without } from "~/base/query";
import type { Span } from "~/base/span";
import { tellError } from "~/state/notices";
import { TURN, type Turns } from "~/state/turns";
import { count } from "~/widgets/text";
import type { View } from "./view";

const RESTS_MS = 300;
const SHOWN = 8;

export interface Facet {
  readonly field: string;
  readonly values: readonly { readonly value: string; readonly count: number; readonly term: string }[];
  readonly distinct: number;
  readonly total: number;
}

/** The facets of what a query finds in a span. */
export async function askFacets(query: string, span: Span | undefined, fields?: string, limit = SHOWN, signal?: AbortSignal): Promise<readonly Facet[]> {
  const asked = { q: query, limit, ...(fields ? { fields } : {}), ...(span ? { start: toText(span.start), end: toText(span.end) } : {}) };
  const found = await held(api.GET("/v1/facets", { params: { query: asked }, ...(signal ? { signal } : {}) }));
  return (found as unknown as { facets: Facet[] }).facets;
}

export function Facets(props: { view: View; query: Accessor<string>; turns: Turns; asOf: Accessor<number> }): JSX.Element {
  const [facets, setFacets] = createSignal<readonly Facet[]>([]);
  const [stale, setStale] = createSignal(true);
  createEffect(on([props.query, () => props.view.span(), props.asOf], ([query, span]) => {
    if (!span) return;
    const abort = new AbortController();
    setStale(true);
    const timer = setTimeout(() => {
      props.turns.take(TURN.facets, abort.signal, () => askFacets(query, span, undefined, SHOWN, abort.signal)).then(
        (found) => { setFacets(found); setStale(false); },
        (error: unknown) => !abort.signal.aborted && tellError(error),
      );
    }, RESTS_MS);
    onCleanup(() => { clearTimeout(timer); abort.abort(); });
  }));
  return (
    <aside class="facets" aria-label="Values in view" classList={{ stale: stale() }}>
      {/* By place, not by value: whoever holds the focus here keeps it when counts come anew. */}
      <Index each={facets().filter((facet) => facet.values.length > 0)}>
        {(facet) => {
          const most = (): number => facet().values[0]?.count ?? 1;
          return (
            <section>
              <h3>{facet().field} <span class="faint">{count(facet().distinct)}</span></h3>
              <ul>
                <Index each={facet().values}>
                  {(one) => (
                    <li>
                      <button
                        class="facet" disabled={!one().term} title={one().value || `no ${facet().field}`}
                        onClick={(event) => props.view.ask((event.shiftKey ? without : narrowed)(props.view.query(), one().term))}
                      >
                        <i style={{ width: `${(100 * one().count) / most()}%` }} />
                        <span class="value" classList={{ sev: facet().field === "severity", [one().value]: facet().field === "severity" && one().value !== "" }}>{one().value || `no ${facet().field}`}</span>
                        <span class="number">{count(one().count)}</span>
                      </button>
                      <Show when={one().term}>
                        <button class="leave-out" aria-label={`Without ${facet().field} ${one().value}`} title="Leave out" onClick={() => props.view.ask(without(props.view.query(), one().term))}>−</button>
                      </Show>
                    </li>
                  )}
                </Index>
              </ul>
            </section>
          );
        }}
      </Index>
    </aside>
  );
}
