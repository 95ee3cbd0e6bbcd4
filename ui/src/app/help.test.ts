import { expect, test } from "vitest";
import { shownKey } from "./help";

test("a key is shown as people read it", () => {
  expect(["Ctrl+k", "Shift+ArrowLeft", "+", "Ctrl++", "Escape", "w"].map(shownKey)).toEqual(["Ctrl K", "Shift ←", "+", "Ctrl +", "Esc", "W"]);
});
