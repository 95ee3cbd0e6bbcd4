import { expect, test } from "vitest";
import { addsUp, sum, type ImportReport } from "./report";

const one: ImportReport = {
  outcome: "complete", files: 1, skipped_files: 0, records: 10, parsed: 7, unparsed: 1, duplicates: 2, skipped: 0, events: 8, bytes: 900, seconds: 0.5,
  formats: { syslog: 1 }, assumptions: ["a"], left_out: [], failures: [{ file: "a", offset: 3, reason: "no", id: "01" }], failures_total: 1,
};

test("several accounts are one, and it adds up where each does", () => {
  const all = sum([one, { ...one, outcome: "stopped", formats: { syslog: 2, json: 1 } }])!;
  expect([all.records, all.parsed, all.seconds, all.outcome]).toEqual([20, 14, 1, "stopped"]);
  expect(all.formats).toEqual({ syslog: 3, json: 1 });
  expect(all.failures).toHaveLength(2);
  expect(addsUp(all)).toBe(true);
});

test("an account that does not add up is seen", () => {
  expect(addsUp({ ...one, duplicates: 1 })).toBe(false);
  expect(sum([])).toBeUndefined();
});
