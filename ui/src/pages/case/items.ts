/** What is said in a case, over HTTP: read, added, changed on a revision, taken away. */

import { api, held } from "~/api/client";
import type { CaseItem, ItemKind } from "~/api/cases";
import type { components } from "~/api/schema";
import { paged, type Paged } from "~/state/paged";
import { useCase } from "./context";

export type Fields = components["schemas"]["ItemChange"];

/** The items of some kinds, the oldest first. */
export function itemsOf(kind: ItemKind): Paged<CaseItem> {
  const { one } = useCase();
  return paged(() => one().id, async (id, cursor, signal) => {
    const query = { kind, limit: 200, ...(cursor ? { cursor } : {}) };
    const page = await held(api.GET("/v1/cases/{case}/items", { params: { path: { case: id }, query }, signal }));
    return { items: page.items, next: page.next_cursor };
  });
}

/** One item, with the events it names as they are now. */
export function itemOf(id: string, item: string): Promise<CaseItem> {
  return held(api.GET("/v1/cases/{case}/items/{item}", { params: { path: { case: id, item } } }));
}

export function addItem(id: string, kind: ItemKind, fields: Fields): Promise<CaseItem> {
  return held(api.POST("/v1/cases/{case}/items", { params: { path: { case: id } }, body: { kind, ...fields } }));
}

/** @throws Problem with `conflict.stale`: somebody changed it meanwhile. */
export function changeItem(id: string, item: CaseItem, body: Fields): Promise<CaseItem> {
  return held(api.PATCH("/v1/cases/{case}/items/{item}", { params: { path: { case: id, item: item.id }, header: { "If-Match": `"${item.revision}"` } }, body }));
}

export async function removeItem(id: string, item: string): Promise<void> {
  await api.DELETE("/v1/cases/{case}/items/{item}", { params: { path: { case: id, item } } });
}

export function weigh(id: string, item: string, event: string, side: "for" | "against", comment: string): Promise<CaseItem> {
  return held(api.POST("/v1/cases/{case}/items/{item}/evidence", { params: { path: { case: id, item } }, body: { event_id: event, side, comment } }));
}

export function discard(id: string, item: string, event: string): Promise<CaseItem> {
  return held(api.DELETE("/v1/cases/{case}/items/{item}/evidence/{event_id}", { params: { path: { case: id, item, event_id: event } } }));
}

/** A list with an item put in its place, or at its end. */
export function withItem(items: readonly CaseItem[] | undefined, item: CaseItem): CaseItem[] {
  const there = items ?? [];
  return there.some((one) => one.id === item.id) ? there.map((one) => (one.id === item.id ? item : one)) : [...there, item];
}
