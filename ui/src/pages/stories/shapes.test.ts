import { expect, test } from "vitest";
import { cited, numbered, query } from "./shapes";

const one = { id: "01K", quote: "do it" };
const other = { id: "01K", quote: "again" };
const sentence = (...citations: { id: string; quote: string }[]): { section: "context"; text: string; citations: { id: string; quote: string }[] } => ({ section: "context", text: "It was asked.", citations });

test("the same span of an entry has one number, another span another", () => {
  const found = numbered({ sentences: [sentence(one), sentence(other, one)] }, "prose");
  expect([found.get(cited(one)), found.get(cited(other)), found.size]).toEqual([1, 2, 2]);
});

test("numbers go by the order in which a form tells sentences", () => {
  const story = { sentences: [{ ...sentence(one), section: "status" as const }, sentence(other)] };
  expect([numbered(story, "adr").get(cited(one)), numbered(story, "prose").get(cited(one))]).toEqual([1, 2]);
});

test("what is not meant is empty, and a line that is none is no line", () => {
  const none = { session: "", repository: "", commit: "", path: "", scope: "", rev: "", line: 0 };
  expect(query({ session: "s", line: "x" }, "prose")).toEqual({ ...none, session: "s", form: "prose" });
  expect(query({ repository: "r", path: "a", line: "3" }, "adr")).toEqual({ ...none, repository: "r", path: "a", line: 3, form: "adr" });
});
