import { describe, expect, it } from "vitest";
import { fitting } from "./columns";
import { COLUMNS } from "./view";

describe("columns that fit", () => {
  it("are all of them at a desk, and need no more than there is", () => {
    const { columns, unfit, isNarrow, least } = fitting(COLUMNS, 908);
    expect([columns, unfit, isNarrow]).toEqual([COLUMNS, [], false]);
    expect(least).toBeLessThanOrEqual(908);
  });
  it("give way to the message beside an event, and on a phone", () => {
    const beside = fitting(COLUMNS, 500);
    expect([beside.columns, beside.unfit]).toEqual([["severity", "type", "message"], ["actor", "host", "source"]]);
    const phone = fitting(COLUMNS, 370);
    expect(phone.columns).toEqual(["severity", "message"]);
    expect(phone.least).toBeLessThanOrEqual(370);
    expect([fitting(COLUMNS, 618).isShort, beside.isShort, phone.isShort]).toEqual([false, true, true]);
  });
  it("stay where nothing can give way: what somebody added is not taken from them", () => {
    const { columns, least } = fitting(["ip", "severity", "attributes.path", "message"], 370);
    expect(columns).toEqual(["ip", "severity", "attributes.path", "message"]);
    expect(least).toBeGreaterThan(370);
  });
  it("are all of them while nobody knows how wide the list is", () => {
    expect(fitting(COLUMNS, 0).unfit).toEqual([]);
  });
});
