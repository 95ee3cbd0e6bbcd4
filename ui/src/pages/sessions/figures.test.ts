import { describe, expect, it } from "vitest";
import { costText, coverageText } from "./figures";

const coverage = { calls: 4, by: {}, by_all: 3, snapshots: 0, complete: false, holes: 1, snapshot_share: 0 };

describe("figures of sessions", () => {
  it("shows what is priced, what is priced in part, and what has no price", () => {
    expect(costText({ usd: "12.22566", prices: "p" })).toBe("$12.23");
    expect(costText({ usd: "0", prices: "p" })).toBe("$0.0000");
    expect(costText({ usd: null, priced_usd: "0.5", prices: "p" })).toBe("$0.5000 + ?");
    expect(costText({ usd: null, priced_usd: "0", prices: "p" })).toBe("no price");
  });
  it("names the only witness instead of a share", () => {
    expect(coverageText({ ...coverage, witnesses: ["hooks", "transcript"], share: 0.75 })).toBe("75.0 %");
    expect(coverageText({ ...coverage, witnesses: ["hooks", "transcript"], share: 1 })).toBe("100 %");
    expect(coverageText({ ...coverage, witnesses: ["transcript"], share: null })).toBe("transcript only");
    expect(coverageText({ ...coverage, witnesses: [], share: null })).toBe("unknown");
  });
});
