import { describe, expect, it } from "vitest";
import { asksForLess, floors, standsAs, type Mode, type Point } from "./words";

const mode = (more: Partial<Mode>): Mode => ({ name: "m", title: "M", retention_days: 0, verify_days: 0, write_once: false, about: "", source: "", dated: "", ...more });
const point = (more: Partial<Point>): Point => ({ point: "retention", asked: "something", found: "that", held: true, entry: "", ...more });

describe("how a point stands", () => {
  it("is held, not held, not known, or not asked for", () => {
    expect(standsAs(point({}))).toBe("held");
    expect(standsAs(point({ held: false }))).toBe("not held");
    expect(standsAs(point({ held: null }))).toBe("not known");
    expect(standsAs(point({ held: null, asked: "" }))).toBe("not asked for");
  });
});

describe("modes", () => {
  const sox = mode({ retention_days: 2555, verify_days: 1 });
  it("say their floors", () => {
    expect(floors(sox)).toEqual(["evidence is kept for 2,555 days at least", "the whole ledger is verified daily at least"]);
    expect(floors(mode({ verify_days: 7, write_once: true }))[0]).toBe("the whole ledger is verified every 7 days at least");
  });
  it("may ask for nothing", () => expect(floors(mode({}))).toEqual([]));
  it("ask for less where any floor is lower", () => {
    expect(asksForLess(mode({}), sox)).toBe(true);
    expect(asksForLess(mode({ retention_days: 3000, verify_days: 7 }), sox)).toBe(true);
    expect(asksForLess(mode({ retention_days: 3000, verify_days: 1 }), mode({ write_once: true }))).toBe(true);
    expect(asksForLess(mode({ retention_days: 3000, verify_days: 1, write_once: true }), sox)).toBe(false);
    expect(asksForLess(sox, mode({}))).toBe(false);
  });
});
