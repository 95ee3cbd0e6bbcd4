/** Cases as the server answers them, and what several places ask of them (docs/cases.md). */

import { api, held } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type Case = Schemas["Case"];
export type ShownCase = Schemas["ShownCase"];
export type CasePin = Schemas["CasePin"];
export type CaseItem = Schemas["CaseItem"];
export type CaseAct = Schemas["CaseAct"];
export type CaseStatus = Case["status"];
export type ItemKind = CaseItem["kind"];
export type Pinned = Schemas["Pinned"];

export const STATUSES: readonly CaseStatus[] = ["open", "investigating", "closed", "exported", "archived"];
/** In these nothing is pinned, said or taken away, and only the status is set. */
export const isShut = (status: CaseStatus): boolean => status === "closed" || status === "archived";

/** Which events are meant: by their ids, or all that a query finds. */
export type Chosen = { readonly events: readonly string[] } | { readonly query: string; readonly start?: string | undefined; readonly end?: string | undefined };

/** How many ids one request may name. */
export const MOST_AT_ONCE = 1000;

/** What one act of pinning did; `selections` are what it is undone by. */
export interface Done {
  readonly pinned: number;
  readonly already: number;
  readonly selections: readonly string[];
}

/** How many events a query finds: those without a time too, unless there are bounds. */
export async function countOf(query: string, start?: string, end?: string): Promise<number> {
  const found = await held(api.GET("/v1/timeline/count", { params: { query: { q: query, start: start ?? null, end: end ?? null } } }));
  return Number(found.dated) + (start || end ? 0 : Number(found.undated));
}

/** Pin events, in as many requests as it takes. */
export async function pin(id: string, chosen: Chosen, annotation: string): Promise<Done> {
  const path = { case: id };
  if ("query" in chosen) {
    const { query, start, end } = chosen;
    const body = { query, annotation, start: start ?? null, end: end ?? null };
    const told = await held(api.POST("/v1/cases/{case}/selection", { params: { path }, body }));
    return { pinned: told.pinned, already: told.already, selections: [told.selection] };
  }
  let pinned = 0;
  let already = 0;
  const selections: string[] = [];
  for (let at = 0; at < chosen.events.length; at += MOST_AT_ONCE) {
    const body = { events: chosen.events.slice(at, at + MOST_AT_ONCE), annotation, pinned: false, added_by: "" };
    const told = await held(api.POST("/v1/cases/{case}/events", { params: { path }, body }));
    pinned += told.pinned;
    already += told.already;
    if (told.pinned) selections.push(told.selection);
  }
  return { pinned, already, selections };
}

/** Take out again what acts of pinning put in. */
export async function unpin(id: string, selections: readonly string[]): Promise<number> {
  let gone = 0;
  for (const selection of selections) {
    gone += (await held(api.DELETE("/v1/cases/{case}/selection/{selection}", { params: { path: { case: id, selection } } }))).unpinned;
  }
  return gone;
}

/** Cases whose names have some letters, those changed last first. */
export async function casesLike(contains: string, limit: number): Promise<readonly Case[]> {
  return (await held(api.GET("/v1/cases", { params: { query: { contains, limit } } }))).cases;
}

export function newCase(name: string, description = ""): Promise<Case> {
  return held(api.POST("/v1/cases", { body: { name, description, members: [], tags: [], created_by: "" } }));
}

/** A page of cases, those changed last first. */
export async function casePages(
  asked: { contains: string; status: string; owner: string }, cursor: string | undefined, signal: AbortSignal,
): Promise<{ items: readonly Case[]; next?: string | undefined }> {
  const query = { ...asked, limit: 200, ...(cursor ? { cursor } : {}) };
  const found = await held(api.GET("/v1/cases", { params: { query }, signal }));
  return { items: found.cases, next: found.next_cursor };
}

export type CaseFields = Partial<Pick<Case, "name" | "description" | "status" | "owner" | "members" | "tags">>;

/**
 * Set fields of a case.
 *
 * @param revision on which the change rests.
 * @throws Problem with `conflict.stale`: somebody was quicker.
 */
export function changeCase(id: string, body: CaseFields, revision: number): Promise<Case> {
  return held(api.PATCH("/v1/cases/{case}", { params: { path: { case: id }, header: { "If-Match": `"${revision}"` } }, body }));
}

/** A case by id or name, and whether what is pinned is as it was. */
export function caseOf(id: string, signal?: AbortSignal): Promise<ShownCase> {
  return held(api.GET("/v1/cases/{case}", { params: { path: { case: id } }, ...(signal ? { signal } : {}) }));
}
