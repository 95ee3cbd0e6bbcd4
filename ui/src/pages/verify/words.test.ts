import { describe, expect, it } from "vitest";
import { statedBy } from "./words";

describe("what a bundle states", () => {
  it("is names and values where its values are plain", () => {
    expect(statedBy('{"case":"01M","name":"Customer export"}')).toEqual([["case", "01M"], ["name", "Customer export"]]);
  });
  it("stays as it stands where it is anything else", () => {
    for (const json of ['"all"', "[1]", "{}", "null", '{"a":{"b":1}}']) expect(statedBy(json)).toBeUndefined();
  });
});
