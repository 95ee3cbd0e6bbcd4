import { createRoot } from "solid-js";
import { expect, test } from "vitest";
import { acting } from "./acting";

test("is done once, however often it is asked for meanwhile, and says why it failed until it works", async () => {
  const act = createRoot(() => acting());
  let done = 0;
  let end: (() => void) | undefined;
  const first = act.run(() => new Promise<number>((then) => (end = () => then(++done))));
  expect(await act.run(() => ++done)).toBeUndefined();
  expect([act.isBusy(), done]).toEqual([true, 0]);
  end!();
  expect([await first, act.isBusy()]).toEqual([1, false]);
  expect(await act.run(() => Promise.reject(new Error("down")))).toBeUndefined();
  expect([(act.error() as Error).message, act.isBusy()]).toEqual(["down", false]);
  expect([await act.run(() => "up"), act.error()]).toEqual(["up", undefined]);
});
