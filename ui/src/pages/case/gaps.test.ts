import { expect, test } from "vitest";
import { HOUR, MINUTE } from "~/base/instant";
import { gapsOf } from "./gaps";

test("what stands far apart, in either order", () => {
  const times = ["2026-11-20T10:00:00Z", "2026-11-20T10:00:01Z", "2026-11-20T10:00:02Z", "2026-11-20T13:00:02Z", "2026-11-20T13:00:03.5Z"];
  expect([...gapsOf(times)]).toEqual([[3, 3n * HOUR]]);
  expect([...gapsOf(times.toReversed())]).toEqual([[2, 3n * HOUR]]);
});

test("a minute at least, twenty times what is usual where that is more", () => {
  expect([...gapsOf(["2026-11-20T10:00:00Z", "2026-11-20T10:00:59Z"])]).toEqual([]);
  const hours = [0, 1, 2, 3, 5].map((hour) => `2026-11-20T0${hour}:00:00Z`);
  expect([...gapsOf(hours)]).toEqual([]);
  const few = ["2026-11-20T10:00:00Z", "2026-11-20T10:00:01Z", undefined, "2026-11-20T10:02:01Z", "2026-11-20T10:02:02Z"];
  expect([...gapsOf(few)]).toEqual([[3, 2n * MINUTE]]);
});
