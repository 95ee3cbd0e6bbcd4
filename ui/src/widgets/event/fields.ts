/** The fields of an event as rows: what each says, the term that finds it, and where in the record it came from. */

import type { Precision } from "~/base/instant";
import { term } from "~/base/query";
import type { Detail, Remark } from "./shape";

export interface Row {
  /** As queries name it. */
  readonly name: string;
  readonly value: string;
  /** Finds events that say the same; none where no query can. */
  readonly term: string | undefined;
  /** The original fields that say the same, where the record's attributes show it. */
  readonly from: readonly string[];
  /** `kind.value` of the entity that this is. */
  readonly entity: string | undefined;
}

/** A part of the event: rows that belong together. */
export interface Group {
  readonly name: string;
  readonly rows: readonly Row[];
}

const LONGEST_TERM = 1000;
const PARTIES = ["actor", "subject", "object", "device"] as const;
const PARTS = ["id", "name", "type", "hostname"] as const;
const NETWORK = ["src_ip", "src_port", "dst_ip", "dst_port", "protocol"] as const;
/** How a query calls what is called otherwise in an answer. */
const ASKED: Readonly<Record<string, string>> = { event_type: "type", trace_id: "trace", "device.hostname": "host", "network.src_port": "port", "network.dst_port": "port" };
const KINDS: Readonly<Record<string, string>> = {
  "actor.id": "identity", "actor.name": "identity", "subject.id": "identity", "subject.name": "identity", "network.src_ip": "ip", "network.dst_ip": "ip",
  "device.hostname": "host", "device.id": "device", session: "session",
};

/** A value as a line; a list or an object as JSON. */
export const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value) ?? "");

/** How finely a time is to be shown: as finely as the server wrote it, and not a zero more. */
export function asWritten(at: string): Precision {
  const digits = /\.(\d+)/.exec(at)?.[1]?.length ?? 0;
  return digits === 0 ? "second" : digits <= 3 ? "milli" : digits <= 6 ? "micro" : "nano";
}

/** The address of an entity's page: any value fits into it. */
export function entityPath(kind: string, value: string): string {
  const bytes = new TextEncoder().encode(value);
  const base64 = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return `/entities/${encodeURIComponent(`${kind}.${base64}`)}`;
}

/** Every leaf of the original fields, with its path. */
export function originals(attributes: Readonly<Record<string, unknown>> | undefined): { path: string; value: string }[] {
  const found: { path: string; value: string }[] = [];
  const walk = (value: unknown, path: string): void => {
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      for (const [name, inside] of Object.entries(value)) walk(inside, path ? `${path}.${name}` : name);
    } else {
      found.push({ path, value: shown(value) });
    }
  };
  walk(attributes ?? {}, "");
  return found;
}

/** The original fields that say what a value says. */
function origin(all: readonly { path: string; value: string }[], value: string): string[] {
  const wanted = value.toLowerCase();
  return all.filter((one) => one.value.toLowerCase() === wanted).map((one) => one.path).slice(0, 4);
}

/** The rows of an event, in the order people ask: what, who, where, what ties it to others. */
export function groupsOf(event: Detail): Group[] {
  const all = originals(event.attributes);
  const known = new Map((event.keys ?? []).map((key) => [`${key.kind}=${key.value.toLowerCase()}`, key.value]));
  const row = (name: string, raw: unknown): Row[] => {
    if (raw === undefined || raw === null || raw === "") return [];
    const value = shown(raw);
    const kind = KINDS[name];
    // Only what the server made a key of is an entity: a masked or withheld value has no page.
    const key = kind && known.get(`${kind}=${value.toLowerCase()}`);
    const entity = key === undefined ? undefined : entityPath(kind!, key);
    return [{ name, value, term: value.length > LONGEST_TERM ? undefined : term(ASKED[name] ?? name, value), from: origin(all, value), entity }];
  };
  const parts = (party: (typeof PARTIES)[number]): Row[] => PARTS.flatMap((part) => row(`${party}.${part}`, (event[party] as Record<string, unknown> | undefined)?.[part]));
  const groups: Group[] = [
    { name: "What", rows: ["event_type", "category", "action", "outcome", "severity"].flatMap((name) => row(name, (event as unknown as Record<string, unknown>)[name])) },
    { name: "Who and what", rows: PARTIES.flatMap(parts) },
    { name: "Network", rows: NETWORK.flatMap((name) => row(`network.${name}`, (event.network as Record<string, unknown> | undefined)?.[name])) },
    { name: "Ties", rows: [...row("session", event.session), ...row("trace_id", event.trace_id), ...(event.tags ?? []).flatMap((tag) => row("tag", tag))] },
    { name: "Read by", rows: [...row("source", event.source), ...row("parser", event.parser), ...row("acquisition", event.provenance.acquisition)] },
  ];
  return groups.filter((group) => group.rows.length > 0);
}

/** A field that may be wrong, and what the event says there; `undefined` where it says nothing. */
export interface Amendable {
  readonly name: string;
  readonly value: string | undefined;
}

const AMENDED = ["event_type", "category", "severity", "action", "outcome", "occurred_at", "observed_at", "source", "session", "trace_id", "message"] as const;

function at(holder: unknown, name: string): string | undefined {
  const found = (holder as Record<string, unknown> | undefined)?.[name];
  return found === undefined || found === null || found === "" ? undefined : shown(found);
}

/** What may be said of an event otherwise: what it says, its original fields, and what it does not say. */
export function amendable(event: Detail): { readonly name: string; readonly fields: readonly Amendable[] }[] {
  const known: Amendable[] = [
    ...AMENDED.map((name) => ({ name, value: at(event, name) })),
    ...PARTIES.flatMap((party) => PARTS.filter((part) => part !== "hostname" || party === "device").map((part) => ({ name: `${party}.${part}`, value: at(event[party], part) }))),
    ...NETWORK.map((name) => ({ name: `network.${name}`, value: at(event.network, name) })),
    { name: "tags", value: event.tags?.length ? event.tags.join(", ") : undefined },
  ];
  const original = originals(event.attributes).filter((one) => one.path !== "").map((one) => ({ name: `attributes.${one.path}`, value: one.value }));
  return [
    { name: "What it says", fields: known.filter((one) => one.value !== undefined) },
    { name: "Original fields", fields: original },
    { name: "What it does not say", fields: known.filter((one) => one.value === undefined) },
  ].filter((group) => group.fields.length > 0);
}

/** What somebody said later a field should read, the oldest first; no value where that is withheld. */
export function corrections(event: Detail, name: string): { readonly value: string | undefined; readonly by: Remark }[] {
  return (event.amended ?? []).filter((one) => fieldsOf(one).includes(name)).map((by) => ({ value: by.set?.[name], by }));
}

/** The fields an amendment corrects. */
export const fieldsOf = (one: Remark): string[] => Object.keys(one.set ?? {}).concat(one.withheld ?? []);

/** All fields that were corrected, each once. */
export const corrected = (event: Detail): string[] => [...new Set((event.amended ?? []).flatMap(fieldsOf))];

/** The keys of an event as rows; tokens are digests already. */
export function keyRows(event: Detail): Row[] {
  return (event.keys ?? []).map((key) => ({
    name: key.kind, value: key.value, term: term(`key:${key.kind}`, key.value).replace(`key:${key.kind}:`, `key:${key.kind}=`), from: [], entity: entityPath(key.kind, key.value),
  }));
}

/** What somebody writes into a report to name an event: who finds it by this finds these bytes. */
export function citation(event: Detail): string {
  const { provenance: from } = event;
  const place = [from.acquisition && `acquisition ${from.acquisition}`, from.offset !== undefined && `offset ${from.offset}`, from.record !== undefined && `record ${from.record}`];
  return [
    `${event.occurred_at ?? "undated"} ${event.event_type}`,
    `source ${event.source}`, ...place.filter(Boolean),
    `event ${event.id}`, `log ${from.log}, entry ${event.seq}`, `leaf hash ${from.leaf_hash}`,
  ].join("; ");
}
