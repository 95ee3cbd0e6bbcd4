import { describe, expect, it } from "vitest";
import { Problem } from "~/api/problem";
import { lineAt } from "~/base/text-lines";
import { faultOf } from "./fault";
import { missedOf } from "./scanning";

const problem = (title: string): Problem => new Problem({ type: "about:blank", title, status: 422, code: "usage", expected: "strict or any", got: "loose" });

describe("faults of a pattern", () => {
  it("have the place the server names", () => {
    expect(faultOf(problem("the pattern, line 12, column 5: there is no such order"))).toEqual({ line: 12, column: 5, said: "there is no such order", expected: "strict or any", got: "loose" });
    expect(faultOf(problem("the pattern: the pattern is empty"))!.line).toBe(0);
  });

  it("are not made of other problems", () => {
    expect(faultOf(problem("the span is empty"))).toBeUndefined();
    expect(faultOf(new Error("the pattern, line 1, column 1: x"))).toBeUndefined();
  });

  it("are found in the text by their line", () => {
    const text = "name: a\nsteps:\n  - x";
    expect(lineAt(text, 2)).toEqual([8, 14]);
    expect(text.slice(...lineAt(text, 3))).toBe("  - x");
  });
});

describe("what a scan missed", () => {
  it("is told with its keys and reason", () => {
    expect(missedOf({ cut: { pattern: "p", keys: [{ kind: "ip", value: "10.0.0.1" }], reason: "more than 10000 events" } })).toEqual({ what: "p ip 10.0.0.1", reason: "more than 10000 events" });
    expect(missedOf({ failure: { pattern: "q", reason: "unreadable" } })).toEqual({ what: "q", reason: "unreadable" });
    expect(missedOf({ report: { detections: 0, new: 0 } })).toBeUndefined();
  });
});
