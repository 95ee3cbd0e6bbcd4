/** Fields of a case as text, and what tells two states of them apart. */

import type { CaseFields } from "~/api/cases";

export const FIELDS = ["name", "description", "status", "owner", "members", "tags"] as const;
export type Field = (typeof FIELDS)[number];

export interface Difference {
  readonly field: Field;
  readonly before: string;
  readonly after: string;
}

/** The parts of a list that was typed, each once, in their order. */
export function listOf(text: string): string[] {
  return [...new Set(text.split(",").map((one) => one.trim()).filter(Boolean))];
}

const asText = (value: string | readonly string[] | undefined): string => (typeof value === "object" ? value.join(", ") : (value ?? ""));
/** A list of names has no order of its own: the server keeps them by the alphabet. */
const compared = (value: string | readonly string[] | undefined): string => (typeof value === "object" ? value.toSorted().join("\n") : (value ?? ""));

/** The fields that are given in both and not the same. */
export function differing(before: CaseFields, after: CaseFields): Difference[] {
  return FIELDS.filter((field) => after[field] !== undefined && compared(before[field]) !== compared(after[field])).map((field) => ({
    field, before: asText(before[field]), after: asText(after[field]),
  }));
}
