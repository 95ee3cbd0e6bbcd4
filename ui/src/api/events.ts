/** Events by their ids, several at once. */

import { api, held } from "./client";
import type { EventShape } from "./shapes";

/** Ids of one query: it has at most 4,096 characters. */
const AT_ONCE = 100;

/** The events of some ids; those the index does not have are left out. Acts of our own and records that were skipped are found too. */
export async function eventsById(ids: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, EventShape>> {
  const found = new Map<string, EventShape>();
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const q = `in:ledger status:* id:(${ids.slice(at, at + AT_ONCE).join(", ")})`;
    for (const undated of [false, true]) {
      const page = await held(api.GET("/v1/search", { params: { query: { q, limit: AT_ONCE, undated } }, ...(signal ? { signal } : {}) }));
      for (const event of page.events as EventShape[]) found.set(event.id, event);
      if (found.size === ids.length) return found;
    }
  }
  return found;
}
