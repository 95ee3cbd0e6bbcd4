/** Fields of an event by their names in the query language: what a column shows, and what completes a query. */

import type { EventShape } from "~/api/shapes";

/** Names of the query language (docs/query.md), those most used first. */
export const FIELDS = [
  "type", "severity", "actor", "host", "source", "ip", "user", "outcome", "message", "session", "tag", "case", "time", "category", "action",
  "subject", "object", "device", "port", "trace", "status", "parser", "time_quality", "acquisition", "key:identity", "key:ip", "key:session",
  "key:host", "key:token", "key:commit", "key:hash", "network.src_ip", "network.dst_ip", "network.protocol", "observed_at", "received_at",
  "actor.id", "actor.name", "subject.id", "object.id", "id", "seq", "in:ledger",
] as const;

const UNALIKE: ReadonlySet<string> = new Set(["message", "case", "time", "key", "observed_at", "received_at", "in", "id", "seq"]);

/** Whether a field's values repeat, so that the server can tell the most frequent of them. */
export const isRepeated = (field: string): boolean => !UNALIKE.has(field);

const text = (value: unknown): string => (value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));

const READ: Record<string, (event: EventShape) => unknown> = {
  type: (event) => event.event_type,
  actor: (event) => event.actor?.name ?? event.actor?.id,
  subject: (event) => event.subject?.name ?? event.subject?.id,
  object: (event) => event.object?.name ?? event.object?.id,
  user: (event) => event.actor?.name ?? event.actor?.id ?? event.subject?.name ?? event.subject?.id,
  host: (event) => event.device?.hostname,
  device: (event) => event.device?.name ?? event.device?.id ?? event.device?.hostname,
  ip: (event) => [event.network?.src_ip, event.network?.dst_ip].filter(Boolean).join(" → "),
  port: (event) => [event.network?.src_port, event.network?.dst_port].filter(Boolean).join(" → "),
  tag: (event) => event.tags?.join(", "),
  trace: (event) => (event as { trace_id?: string }).trace_id,
};

/** What an event has in a field, as text; empty if nothing. */
export function valueOf(event: EventShape, field: string): string {
  const read = READ[field];
  if (read) return text(read(event));
  let value: unknown = event;
  for (const part of field.split(".")) value = (value as Record<string, unknown> | undefined)?.[part];
  return text(value);
}
