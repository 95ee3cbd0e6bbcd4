import { expect, test } from "vitest";
import type { CaseAct } from "~/api/cases";
import { detailsOf, wordsOf } from "./acts";

const act = (name: string, detail: Record<string, unknown>): CaseAct => ({ id: "01", seq: 1, at: "2026-11-26T10:00:00Z", leaf_hash: "00", act: name, by: "ann", detail });

test.each([
  ["case.pinned", { events: 1, pins: ["a"] }, "pinned 1 event"],
  ["case.selected", { matched: 9, pinned: 7, query: "x" }, "pinned 7 of 9 that a query found"],
  ["case.changed", { before: { status: "open" }, after: { status: "closed" } }, "set status"],
  ["case.pin_changed", { after: { pinned: true } }, "marked a pinned event"],
  ["case.pin_changed", { after: { annotation: "" } }, "annotated a pinned event"],
  ["case.item_added", { kind: "indicator" }, "added an indicator"],
  ["case.evidence_added", { side: "against" }, "put an event against a hypothesis"],
  ["case.something_new", {}, "case.something_new"],
])("%s %o", (name, detail, words) => {
  expect(wordsOf(act(name, detail))).toBe(words);
});

test("details as text, without what is empty", () => {
  const detail = { annotation: "", pins: ["a", "b"], before: { tags: [] }, after: { tags: ["x", "y"] }, events: [["E1", 3, "ff"]], matched: 9 };
  expect(detailsOf(act("case.changed", detail))).toEqual([
    { name: "pins", text: "a, b" }, { name: "before: tags", text: "" }, { name: "after: tags", text: "x, y" }, { name: "events", text: "E1" }, { name: "matched", text: "9" },
  ]);
});
