/** What the page draws and where its figures lead, worked out from the server's sums. */

import type { components } from "~/api/schema";
import { allTokens } from "~/widgets/figures";

export type Stats = components["schemas"]["SessionStats"];
export type Row = components["schemas"]["SessionSumRow"];
export type LineStats = components["schemas"]["LineStats"];
export type LineRow = components["schemas"]["LineSumRow"];
export type Tokens = components["schemas"]["SessionTokens"];

export const FILTERS = ["start", "end", "repository", "author", "agent", "model"] as const;
export type Filters = Partial<Record<(typeof FILTERS)[number], string>>;
export type Step = "day" | "week";

/** What a bar is stacked of, from the bottom; the name is also how it is coloured. */
export interface Series {
  readonly name: string;
  readonly words: string;
}

export interface Bar {
  readonly name: string;
  /** As many as there are series. */
  readonly parts: readonly number[];
  /** Whether more is to be said than could be drawn: something in it has no price. */
  readonly isPart?: boolean;
}

export const TOKENS: readonly Series[] = [
  { name: "in", words: "in" },
  { name: "out", words: "out" },
  { name: "read", words: "from caches" },
  { name: "written", words: "into caches" },
];
export const CLASSES: readonly Series[] = [
  { name: "ai", words: "agents'" },
  { name: "mixed", words: "of both" },
  { name: "human", words: "people's" },
  { name: "unknown", words: "nobody knows whose" },
];

/** How decisions about pushes end. */
export const ENDS = [
  { name: "passed", title: "Passed", words: "passed" },
  { name: "warned", title: "Warned", words: "warned" },
  { name: "blocked", title: "Blocked", words: "blocked" },
  { name: "undecided", title: "Undecided", words: "undecided, and blocked" },
] as const;
/** What a policy says of a commit. */
export const RESULTS = [
  { name: "pass", title: "Pass" },
  { name: "fail", title: "Fail" },
  { name: "indeterminate", title: "Indeterminate" },
  { name: "waived", title: "Waived" },
] as const;

/** What decisions can be asked for by. */
export type PolicyFilters = Partial<Record<"repository" | "policy" | "result" | "end" | "start" | "until", string>>;
/** The list of the decisions that a figure counts. */
export const decisionsPath = (of: PolicyFilters): string => `/agents/policies?${new URLSearchParams({ tab: "decisions", ...of })}`;

/** Tokens in the order of {@link TOKENS}. */
export const kinds = (of: Tokens | undefined): number[] => (of ? [of.input, of.output, of.cache_read, of.cache_write_5m + of.cache_write_1h] : [0, 0, 0, 0]);

const DAY_MS = 86_400_000;
const MOST_DAYS = 62;
/** Bars that are told apart; of more, those without anything in them are left out. */
export const MOST_BARS = 400;

/** By days where the span asked for is short, else by weeks; unless somebody says which. */
export function stepOf(asked: string | undefined, filters: Filters): Step {
  if (asked === "day" || asked === "week") return asked;
  const start = Date.parse(filters.start ?? ""), end = filters.end ? Date.parse(filters.end) : Date.now();
  return (end - start) / DAY_MS <= MOST_DAYS ? "day" : "week";
}

/** By what an answer's first table is told apart: until the next has come, another than is asked for. */
export const stepIn = (stats: { readonly by: readonly string[] }): Step => (stats.by[0] === "day" ? "day" : "week");

/** Rows in order of time, and one for each day or week between the first and the last in which there was nothing. */
export function filled<T extends { day?: string; week?: string }>(rows: readonly T[], step: Step): { readonly name: string; readonly row?: T }[] {
  const found = new Map(rows.flatMap((row) => (row[step] ? [[row[step], row] as const] : [])));
  const names = [...found.keys()].toSorted();
  const first = names[0], last = names.at(-1);
  if (!first || !last) return [];
  const width = (step === "day" ? 1 : 7) * DAY_MS;
  const size = Math.round((Date.parse(last) - Date.parse(first)) / width) + 1;
  if (size > MOST_BARS) return names.map((name) => ({ name, row: found.get(name)! }));
  return Array.from({ length: size }, (_, at) => {
    const name = new Date(Date.parse(first) + at * width).toISOString().slice(0, 10);
    const row = found.get(name);
    return row ? { name, row } : { name };
  });
}

export const DRAWN = { tokens: "Tokens", cost: "Cost", cache: "Saved by caches", sessions: "Sessions", calls: "Calls" } as const;
export type Drawn = keyof typeof DRAWN;

/** The bars of one figure over time. */
export function barsOf(stats: Stats, step: Step, what: Drawn): { readonly series: readonly Series[]; readonly bars: readonly Bar[] } {
  const all = filled(stats.rows, step);
  if (what === "tokens") return { series: TOKENS, bars: all.map(({ name, row }) => ({ name, parts: kinds(row?.tokens ?? undefined) })) };
  const words: Series = { name: "one", words: DRAWN[what] };
  return { series: [words], bars: all.map(({ name, row }) => Object.assign({ name }, single(row, what))) };
}

function single(row: Row | undefined, what: Exclude<Drawn, "tokens">): { parts: number[]; isPart?: boolean } {
  if (!row) return { parts: [0] };
  if (what === "sessions") return { parts: [row.sessions] };
  if (what === "calls") return { parts: [row.tool_calls] };
  if (what === "cost") return { parts: [Number(row.cost?.usd ?? row.cost?.priced_usd ?? 0)], isPart: row.cost?.usd === null };
  return { parts: [Number(row.cache?.net_usd ?? 0)], isPart: row.cache?.net_usd === null };
}

/** The height the tallest bar is drawn against: 1, 2 or 5 of its power of ten. */
export function ceiling(most: number): number {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((step) => step * power).find((one) => one >= most * (1 - 1e-9)) ?? 10 * power;
}

const UNITS = ["", "k", "M", "G", "T"];
/** `1.2M`: as short as an axis needs. */
export function short(value: number): string {
  const size = Math.abs(value);
  const unit = size < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(size) / 3));
  return `${Number((value / 1000 ** unit).toPrecision(3))}${UNITS[unit]}`;
}

/** A table by what its rows are told apart by; none if it was not asked for. */
export function tableBy(stats: Stats, by: string): { readonly rows: readonly Row[]; readonly left: number } {
  const found = [stats, ...(stats.tables ?? [])].find((one) => one.by.join() === by);
  return { rows: found?.rows ?? [], left: found?.left_out ?? 0 };
}

/** The rows with the most in them first. */
export const greatest = <T extends Row>(rows: readonly T[]): T[] =>
  rows.toSorted((a, b) => weight(b) - weight(a) || b.tool_calls - a.tool_calls);
const weight = (row: Row): number => (row.tokens ? allTokens(row.tokens) : 0);

/** Names of a filter of the list of sessions for what rows are told apart by. */
const ASKED: Record<string, string> = { agent: "agent", model: "model", repository: "repository", author: "actor" };

/**
 * Where a figure leads: to the list of its sessions where that can be asked for so, else to the entries on the timeline.
 *
 * @param by what the row is told apart by.
 */
export function behind(row: Row, by: keyof Row, filters: Filters): string {
  const value = String(row[by] ?? "");
  const asked = new URLSearchParams();
  for (const name of FILTERS) if (filters[name]) asked.set(ASKED[name] ?? name, filters[name]);
  if (by === "day" || by === "week") {
    // The part of the row's own span that is asked for at all.
    if (!filters.start || Date.parse(filters.start) < Date.parse(row.start ?? "")) asked.set("start", row.start ?? "");
    if (!filters.end || Date.parse(filters.end) > Date.parse(row.end ?? "")) asked.set("end", row.end ?? "");
    return `/agents/sessions?${asked}`;
  }
  if (!value || !ASKED[by]) return `/timeline?${new URLSearchParams({ q: row.query })}`;
  asked.set(ASKED[by], value);
  return `/agents/sessions?${asked}`;
}
