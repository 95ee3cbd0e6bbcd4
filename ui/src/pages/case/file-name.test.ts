import { expect, test } from "vitest";
import { fileName } from "./file-name";

test("names of files", () => {
  expect(fileName("The breach: part 2", "csv")).toBe("the-breach-part-2.csv");
  expect(fileName("../../etc/passwd", "md")).toBe("etc-passwd.md");
  expect(fileName("«»", "zip")).toBe("case.zip");
  expect(fileName("x".repeat(300), "zip").length).toBe(64);
});
