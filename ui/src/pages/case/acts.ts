/** What was done in a case, in words. */

import type { CaseAct } from "~/api/cases";

const KINDS: Record<string, string> = { note: "a note", task: "a task", hypothesis: "a hypothesis", entity: "an entity", indicator: "an indicator" };

const events = (number: number): string => `${number} ${number === 1 ? "event" : "events"}`;

/** An act in a few words; its details stand beside it. */
export function wordsOf(act: CaseAct): string {
  const detail = act.detail ?? {};
  const text = (name: string): string => (typeof detail[name] === "string" ? detail[name] : "");
  const size = (name: string): number => (typeof detail[name] === "number" ? detail[name] : 0);
  const kind = KINDS[text("kind")] ?? "an item";
  switch (act.act) {
    case "case.created":
      return "made the case";
    case "case.changed":
      return `set ${Object.keys((detail["after"] as object | undefined) ?? {}).join(", ") || "its fields"}`;
    case "case.pinned":
      return `pinned ${events(size("events"))}`;
    case "case.unpinned":
      return `took ${events(size("events"))} out`;
    case "case.selected":
      return `pinned ${size("pinned")} of ${size("matched")} that a query found`;
    case "case.pin_changed": {
      const after = (detail["after"] as { pinned?: boolean } | undefined) ?? {};
      return "annotation" in after ? "annotated a pinned event" : after.pinned ? "marked a pinned event" : "took the mark of a pinned event away";
    }
    case "case.exported":
      return `took a copy (${text("format")})`;
    case "case.reported":
      return `made a report (${text("format")})`;
    case "case.item_added":
      return `added ${kind}`;
    case "case.item_changed":
      return `changed ${kind}`;
    case "case.item_removed":
      return `took ${kind} away`;
    case "case.evidence_added":
      return `put an event ${text("side")} a hypothesis`;
    case "case.evidence_removed":
      return "took an event away from a hypothesis";
    default:
      return act.act ?? "";
  }
}

export interface Detail {
  readonly name: string;
  readonly text: string;
}

/** The details of an act, as lines of text. */
export function detailsOf(act: CaseAct): Detail[] {
  return Object.entries(act.detail ?? {}).flatMap(([name, value]): Detail[] => {
    if (value === "" || value === null || (Array.isArray(value) && !value.length)) return [];
    if (typeof value === "object" && !Array.isArray(value)) return Object.entries(value as object).map(([field, each]) => ({ name: `${name}: ${field}`, text: plain(each) }));
    return [{ name, text: plain(value) }];
  });
}

function plain(value: unknown): string {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? value.map((one) => (Array.isArray(one) ? String(one[0]) : plain(one))).join(", ") : JSON.stringify(value);
}
