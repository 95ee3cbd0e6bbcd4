import { expect, test } from "vitest";
import { printable } from "./printable";

test("what cannot be seen is written out, and nothing else changed", () => {
  expect(printable("a\u0000\u001b[31m\u202eb ä 😀")).toBe("a\\x00\\x1b[31m\\x202eb ä 😀");
  expect(printable("plain")).toBe("plain");
});
