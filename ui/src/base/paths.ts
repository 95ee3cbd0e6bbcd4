/** Addresses of pages that other pages lead to. */

import { toText } from "./instant";
import type { Span } from "./span";

export const eventPath = (id: string): string => `/events/${encodeURIComponent(id)}`;
export const chainPath = (id: string): string => `/chains/${encodeURIComponent(id)}`;
export const casePath = (id: string): string => `/cases/${encodeURIComponent(id)}`;
export const entityPath = (id: string): string => `/entities/${encodeURIComponent(id)}`;
export const sessionPath = (id: string): string => `/agents/sessions/${encodeURIComponent(id)}`;

/** A commit of a repository that is kept here. */
export const commitPath = (repository: string, oid: string): string => `/agents/commits/${encodeURIComponent(repository)}/${encodeURIComponent(oid)}`;

/** A file of a commit, at a line if one is given. */
export function filePath(repository: string, rev: string, path: string, line?: number): string {
  const query = new URLSearchParams({ rev, path, file: "1", ...(line === undefined ? {} : { line: String(line) }) });
  return `/agents/code/${encodeURIComponent(repository)}?${query.toString()}`;
}

/** The story of a session, a commit, or a file with a function or a line of it. */
export const storyPath = (of: Readonly<Record<string, string>>): string => `/agents/stories?${new URLSearchParams(of).toString()}`;

/** A session, at the prompt that an entry told of if one is given. */
export const promptPath = (session: string, prompt: string): string => `${sessionPath(session)}${prompt ? `?prompt=${encodeURIComponent(prompt)}` : ""}`;

/** The timeline with a query in force, from when to when if a span is given, and an event chosen. */
export function timelinePath(query: string, span?: Span, event?: string): string {
  const asked = new URLSearchParams(query || !span ? { q: query } : {});
  if (span) {
    asked.set("from", toText(span.start));
    asked.set("to", toText(span.end));
  }
  if (event) asked.set("event", event);
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
