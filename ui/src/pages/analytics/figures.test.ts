import { describe, expect, it } from "vitest";
import { barsOf, behind, ceiling, filled, greatest, kinds, short, stepOf, tableBy, type Row, type Stats } from "./figures";

const tokens = { input: 1, output: 2, reasoning: 1, cache_read: 4, cache_write_5m: 8, cache_write_1h: 16, web_searches: 0, answers: 1 };
const row = (more: Partial<Row>): Row => ({
  sessions: 2, prompts: 1, tool_calls: 3, edits: 0, commands: 0, denials: 0, errors: 0, session_ids: ["a", "b"], query: 'session:("a" "b")', tokens,
  cost: { usd: "1.5", prices: "p" }, cache: { gross_usd: "1", extra_usd: "2", net_usd: "-1" }, ...more,
});
const stats = (rows: Row[], tables: Stats["tables"] = []): Stats => ({ by: ["day"], rows, tables, prices: "p", total: row({}) as unknown as Stats["total"] });

describe("figures of analytics", () => {
  it("shows a day on which nothing was done as one, and orders what it gets", () => {
    const rows = [row({ day: "2026-03-03" }), row({ day: "2026-03-01" })];
    expect(filled(rows, "day").map((one) => [one.name, Boolean(one.row)])).toEqual([["2026-03-01", true], ["2026-03-02", false], ["2026-03-03", true]]);
    expect(filled([row({ week: "2026-03-02" }), row({ week: "2026-03-16" })], "week")).toHaveLength(3);
    expect(filled([], "day")).toEqual([]);
    expect(filled([row({ day: "1999-01-01" }), row({ day: "2026-03-01" })], "day")).toHaveLength(2);
  });
  it("stacks each kind of token once: reasoning is part of what was put out", () => {
    expect(kinds(tokens)).toEqual([1, 2, 4, 24]);
    expect(barsOf(stats([row({ day: "2026-03-01" })]), "day", "tokens").bars).toEqual([{ name: "2026-03-01", parts: [1, 2, 4, 24] }]);
  });
  it("draws what is priced and marks what is not, and lets savings be losses", () => {
    const unpriced = row({ day: "2026-03-01", cost: { usd: null, priced_usd: "0.5", prices: "p" }, cache: { gross_usd: null, extra_usd: null, net_usd: null } });
    expect(barsOf(stats([unpriced]), "day", "cost").bars).toEqual([{ name: "2026-03-01", parts: [0.5], isPart: true }]);
    expect(barsOf(stats([unpriced]), "day", "cache").bars).toEqual([{ name: "2026-03-01", parts: [0], isPart: true }]);
    expect(barsOf(stats([row({ day: "2026-03-01" })]), "day", "cache").bars[0]!.parts).toEqual([-1]);
  });
  it("takes days for short spans and weeks for long ones, and what somebody says before both", () => {
    expect(stepOf(undefined, { start: "2026-03-01", end: "2026-04-01" })).toBe("day");
    expect(stepOf(undefined, { start: "2025-03-01", end: "2026-04-01" })).toBe("week");
    expect(stepOf(undefined, {})).toBe("week");
    expect(stepOf("day", {})).toBe("day");
  });
  it("leads to the sessions of a row, within what is asked for, or to its entries where it has no name", () => {
    expect(behind(row({ model: "m" }), "model", { start: "2026-03-01" })).toBe("/agents/sessions?start=2026-03-01&model=m");
    expect(behind(row({ author: "ann@example.org" }), "author", {})).toBe("/agents/sessions?actor=ann%40example.org");
    expect(behind(row({ author: "" }), "author", {})).toBe(`/timeline?q=${encodeURIComponent('session:("a" "b")').replaceAll("%20", "+").replaceAll("(", "%28").replaceAll(")", "%29")}`);
    expect(behind(row({ program: "git" }), "program", {})).toMatch(/^\/timeline/);
    const week = row({ week: "2026-03-02", start: "2026-03-02T00:00:00Z", end: "2026-03-09T00:00:00Z" });
    expect(behind(week, "week", { start: "2026-03-05", agent: "codex" })).toBe("/agents/sessions?start=2026-03-05&agent=codex&end=2026-03-09T00%3A00%3A00Z");
  });
  it("finds tables, orders rows, and shortens numbers", () => {
    const found = stats([], [{ by: ["model"], rows: [row({ model: "a", tokens: { ...tokens, output: 0 } }), row({ model: "b" })], left_out: 2 }]);
    expect(tableBy(found, "model").left).toBe(2);
    expect(greatest(tableBy(found, "model").rows).map((one) => one.model)).toEqual(["b", "a"]);
    expect(tableBy(found, "tool")).toEqual({ rows: [], left: 0 });
    expect([short(0), short(950), short(1234), short(5_000_000), short(-1500)]).toEqual(["0", "950", "1.23k", "5M", "-1.5k"]);
    expect([ceiling(0), ceiling(1), ceiling(3), ceiling(0.07), ceiling(600)]).toEqual([1, 1, 5, 0.1, 1000]);
  });
});
