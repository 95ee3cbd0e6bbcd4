/** Addresses of pages that other pages lead to. */

import { toText } from "./instant";
import type { Span } from "./span";

export const eventPath = (id: string): string => `/events/${encodeURIComponent(id)}`;
export const chainPath = (id: string): string => `/chains/${encodeURIComponent(id)}`;
export const entityPath = (id: string): string => `/entities/${encodeURIComponent(id)}`;

/** The timeline with a query in force, from when to when if a span is given. */
export function timelinePath(query: string, span?: Span): string {
  const asked = new URLSearchParams({ q: query });
  if (span) {
    asked.set("from", toText(span.start));
    asked.set("to", toText(span.end));
  }
  return `/timeline?${asked.toString()}`;
}

/** A part of an address as it was before it was put there; as it stands if it never was. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
