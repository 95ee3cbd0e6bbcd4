/** From when to when there is evidence of each source, so that silence is not taken for quiet. */

import type { Accessor } from "solid-js";
import { api, held } from "~/api/client";
import { parseInstant } from "~/base/instant";
import type { Span } from "~/base/span";
import { load, type Loaded } from "~/state/load";
import { may } from "~/state/session";
import { TURN, type Turns } from "~/state/turns";

interface Coverage {
  readonly sources: readonly { readonly source: string; readonly bands: readonly { readonly first: string; readonly last: string }[] }[];
}

/** Bands by source, in order of time; only where the lanes are sources can they be drawn. */
export function createCoverage(lane: Accessor<string>, turns: Turns): Loaded<ReadonlyMap<string, readonly Span[]>> {
  return load<boolean, ReadonlyMap<string, readonly Span[]>>(() => (lane() === "source" && may("evidence.read")) || undefined, async (_, signal) => {
    const answer = (await turns.take(TURN.beside, signal, () => held(api.GET("/v1/sources/coverage", { params: { query: {} }, signal })))) as unknown as Coverage;
    const bands = new Map<string, readonly Span[]>();
    for (const { source, bands: each } of answer.sources) {
      const spans = each.flatMap(({ first, last }): Span[] => {
        const start = parseInstant(first);
        const end = parseInstant(last);
        return start === undefined || end === undefined ? [] : [{ start, end: end + 1n }];
      });
      bands.set(source, spans.toSorted((a, b) => Number(a.start - b.start)));
    }
    return bands;
  });
}
