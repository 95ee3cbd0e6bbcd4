import { describe, expect, it } from "vitest";
import { byLine, known, pieces, summed, together } from "./paint";
import type { Range } from "./shapes";

const range = (start: number, end: number, kind: Range["class"]): Range => ({ start, end, class: kind, grade: "observed", session: "s", call: "c", prompt: "p", agent: "", model: "", person: "" });

describe("a line in pieces", () => {
  it("is coloured, and whole whatever the colours say", () => {
    expect(pieces("def f(): # x", [[1, 0, 3, "keyword"], [1, 9, 12, "comment"]])).toEqual([
      { text: "def", kind: "keyword" }, { text: " f(): ", kind: "" }, { text: "# x", kind: "comment" },
    ]);
    for (const colours of [[[1, 5, 2, "a"]], [[1, 0, 99, "a"]], [[1, 2, 8, "a"], [1, 4, 6, "b"]], []] as const) {
      expect(pieces("some text", [...colours]).map((one) => one.text).join("")).toBe("some text");
    }
    expect(pieces("")).toEqual([{ text: "", kind: "" }]);
  });
  it("has the colours of its own line", () => {
    const found = byLine([[1, 0, 2, "string"], [2, 0, 5, "string"], [2, 6, 7, "number"]]);
    expect(found.get(2)).toHaveLength(2);
    expect(found.get(3)).toBeUndefined();
  });
});

describe("whose lines are", () => {
  const ranges = [range(2, 3, "ai"), range(5, 5, "human"), range(8, 9, "mixed")];
  it("is told by the range a line is in", () => {
    const of = known(ranges);
    expect([1, 2, 3, 4, 5, 6, 9, 10].map((line) => of(line)?.class ?? "unknown")).toEqual(["unknown", "ai", "ai", "unknown", "human", "unknown", "mixed", "unknown"]);
  });
  it("counts what nobody knows as unknown", () => {
    expect(summed([1, 2, 3, 4, 5], ranges)).toEqual({ ai: 2, mixed: 0, human: 1, unknown: 2 });
    expect(together([summed([2], ranges), summed([8, 100], ranges)])).toEqual({ ai: 1, mixed: 1, human: 0, unknown: 1 });
  });
});
