import { describe, expect, it } from "vitest";
import type { EventShape } from "~/api/shapes";
import { SECOND } from "~/base/instant";
import { KEPT, placeOf, prepended, type Told } from "./told";

const told = (id: number): Told => ({ event: { id: `${id}` } as unknown as EventShape, cut: 0n });

describe("what a replay told", () => {
  it("is the newest first, and bounded", () => {
    const first = prepended([], [told(1), told(2)]);
    expect(prepended(first, [told(3)]).map((one) => one.event.id)).toEqual(["3", "2", "1"]);
    const many = prepended(first, Array.from({ length: KEPT + 5 }, (_, i) => told(10 + i)));
    expect(many).toHaveLength(KEPT);
    expect(many[0]!.event.id).toBe(`${10 + KEPT + 4}`);
  });
});

describe("where a replay is", () => {
  const clock = { at: 1_000n * SECOND, since: 5_000 };

  it("goes on at its speed between events", () => {
    expect(placeOf(clock, 7_000, 60, 5)).toBe(1_120n * SECOND);
    expect(placeOf(clock, 5_000, 3600, 5)).toBe(clock.at);
    expect(placeOf(clock, 4_000, 1, 5)).toBe(clock.at);
  });

  it("waits no longer than the longest gap", () => {
    expect(placeOf(clock, 60_000, 1, 5)).toBe(1_005n * SECOND);
    expect(placeOf(clock, 60_000, 1, 0)).toBe(1_055n * SECOND);
  });

  it("stays at the last event where nothing is waited for", () => {
    expect(placeOf(clock, 60_000, 0, 5)).toBe(clock.at);
  });
});
